# frozen_string_literal: true

require 'yaml'

# @summary Data as YAML, without the keys that have no value
#
# YAML is written by a serializer and not by a template, so that no value can break out of its place.
Puppet::Functions.create_function(:'csyncd::to_yaml') do
  # @param data What is written
  # @return [String] The document
  # @example
  #   csyncd::to_yaml({ 'node' => 'web1', 'listen' => undef })
  dispatch :to_yaml do
    param 'Hash', :data
    return_type 'String'
  end

  def to_yaml(data)
    present(data).to_yaml
  end

  def present(data)
    data.reject { |_, value| value.nil? }.transform_values { |value| value.is_a?(Hash) ? present(value) : value }
  end
end
