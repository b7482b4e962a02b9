# frozen_string_literal: true

require 'rspec-puppet'
require 'tmpdir'
require 'fileutils'
require 'json'

MODULE_ROOT = File.expand_path('..', __dir__)

# A module path of links, outside of the module: a link to the module inside of it would be a loop.
MODULES = Dir.mktmpdir('csyncd-modules-')
at_exit { FileUtils.remove_entry(MODULES) }
File.symlink(MODULE_ROOT, File.join(MODULES, 'csyncd'))
%w[stdlib concat].each do |name|
  places = ["#{MODULE_ROOT}/spec/fixtures/modules/#{name}", *"#{ENV['MODULEPATH']}:/usr/share/puppet/modules".split(':').map { |dir| "#{dir}/#{name}" }]
  place = places.find { |dir| File.exist?("#{dir}/metadata.json") }
  raise "the module #{name} is in none of: #{places.join(', ')}" if place.nil?

  File.symlink(File.realpath(place), File.join(MODULES, name))
end

RSpec.configure do |config|
  config.module_path = MODULES
  config.setup_fixtures = false if config.respond_to?(:setup_fixtures=)
  config.strict_variables = true
  config.hiera_config = File.join(__dir__, 'hiera.yaml')
end

CODENAMES = { 'Debian' => { '11' => 'bullseye', '12' => 'bookworm', '13' => 'trixie' }, 'Ubuntu' => { '22.04' => 'jammy', '24.04' => 'noble' } }.freeze

# The systems of metadata.json, with the facts of each that this module and its dependencies look at.
SYSTEMS = JSON.parse(File.read("#{MODULE_ROOT}/metadata.json"))['operatingsystem_support'].flat_map do |system|
  system['operatingsystemrelease'].map do |release|
    name = system['operatingsystem']
    facts = {
      kernel: 'Linux',
      os: { 'name' => name, 'family' => 'Debian', 'release' => { 'major' => release, 'full' => release },
            'distro' => { 'codename' => CODENAMES.fetch(name).fetch(release) } },
      osfamily: 'Debian',
      operatingsystem: name,
      operatingsystemmajrelease: release,
      service_provider: 'systemd',
      path: '/usr/sbin:/usr/bin:/sbin:/bin',
      networking: { 'fqdn' => 'web1.example.org', 'hostname' => 'web1', 'ip' => '192.0.2.1' },
      csyncd_puppet_tls: { 'ca' => '/ssl/ca.pem', 'cert' => '/ssl/web1.pem', 'key' => '/ssl/web1.key' },
    }
    ["#{name} #{release}", facts]
  end
end.to_h.freeze
DEBIAN = SYSTEMS.fetch('Debian 12')

KEY = 'k' * 64

# The config as concat puts it together.
def config_of(catalogue)
  YAML.safe_load(catalogue.to_ral.resource('Concat_file[/etc/csyncd/csyncd.yaml]').should_content)
end
