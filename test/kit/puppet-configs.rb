# frozen_string_literal: true

# Prints, as a JSON list, the csyncd.yaml that each manifest makes: ruby puppet-configs.rb MODULES MANIFEST… By concat's own code.
require 'json'
require 'puppet'
require 'tmpdir'

modules, *manifests = ARGV
FACTS = {
  'kernel' => 'Linux', 'path' => '/usr/bin', 'service_provider' => 'systemd', 'clientversion' => Puppet.version,
  'os' => { 'name' => 'Debian', 'family' => 'Debian', 'release' => { 'major' => '12', 'full' => '12.0' } },
  'networking' => { 'fqdn' => 'web1.example.org', 'hostname' => 'web1', 'ip' => '192.0.2.1' }
}.freeze

def config_of(environment)
  Puppet.override(current_environment: environment, loaders: Puppet::Pops::Loaders.new(environment)) do
    node = Puppet::Node.new('web1.example.org', facts: Puppet::Node::Facts.new('web1', FACTS), environment: environment)
    node.merge(FACTS)
    catalog = Puppet::Parser::Compiler.compile(node).to_ral
    catalog.resource('Concat_file[/etc/csyncd/csyncd.yaml]').should_content
  end
end

Dir.mktmpdir do |dir|
  Puppet.initialize_settings(['--confdir', dir, '--vardir', dir, '--log_level', 'err'])
  puts JSON.generate(manifests.map { |manifest| config_of(Puppet::Node::Environment.create(:production, modules.split(':'), manifest)) })
end
