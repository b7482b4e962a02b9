# frozen_string_literal: true

# Prints the csyncd.yaml that a manifest makes: ruby puppet-config.rb MANIFEST MODULES. As an agent would, by concat's own code.
require 'puppet'
require 'tmpdir'

manifest, modules = ARGV
Dir.mktmpdir do |dir|
  Puppet.initialize_settings(['--confdir', dir, '--vardir', dir, '--log_level', 'err'])
  environment = Puppet::Node::Environment.create(:production, modules.split(':'), manifest)
  facts = {
    'kernel' => 'Linux', 'path' => '/usr/bin', 'service_provider' => 'systemd', 'clientversion' => Puppet.version,
    'os' => { 'name' => 'Debian', 'family' => 'Debian', 'release' => { 'major' => '12', 'full' => '12.0' } },
    'networking' => { 'fqdn' => 'web1.example.org', 'hostname' => 'web1', 'ip' => '192.0.2.1' }
  }
  Puppet.override(current_environment: environment, loaders: Puppet::Pops::Loaders.new(environment)) do
    node = Puppet::Node.new('web1.example.org', facts: Puppet::Node::Facts.new('web1', facts), environment: environment)
    node.merge(facts)
    catalog = Puppet::Parser::Compiler.compile(node).to_ral
    print catalog.resource('Concat_file[/etc/csyncd/csyncd.yaml]').should_content
  end
end
