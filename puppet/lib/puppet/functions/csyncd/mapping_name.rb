# frozen_string_literal: true

# @summary A mapping's name for a directory: its path, with what a name may not have as a dash
Puppet::Functions.create_function(:'csyncd::mapping_name') do
  # @param path The directory
  # @return [String] The name
  # @example
  #   csyncd::mapping_name('/var/www/shared') == 'var-www-shared'
  dispatch :mapping_name do
    param 'Stdlib::Unixpath', :path
    return_type 'Csyncd::Name'
  end

  def mapping_name(path)
    path.downcase.gsub(%r{[^a-z0-9_-]+}, '-').gsub(%r{\A[-_]+|-+\z}, '')
  end
end
