# frozen_string_literal: true

require 'json'

# What is the same from one run to the next, unless something happens: no figures that change all the time.
Facter.add(:csyncd) do
  confine kernel: 'Linux'
  confine { Facter::Core::Execution.which('csyncd') }

  setcode do
    run = ->(command) { Facter::Core::Execution.execute("csyncd #{command} 2>/dev/null", on_fail: '', timeout: 20).to_s }
    status = begin
      JSON.parse(run.call('status --json'))
    rescue JSON::ParserError
      {}
    end
    state_of = ->(parts) { (parts || {}).transform_values { |part| part['state'] } }
    {
      'version' => status['version'] || run.call('--version').strip,
      'node'    => status['node'],
      'state'   => status['state'] || 'stopped',
      'groups'  => (status['groups'] || {}).transform_values do |group|
        { 'backend' => group['backend'], 'mappings' => state_of.call(group['mappings']), 'peers' => state_of.call(group['peers']) }
      end,
    }
  end
end

# The certificates that this node's agent has: where they are depends on who has packaged Puppet.
Facter.add(:csyncd_puppet_tls) do
  confine { defined?(Puppet) && Puppet.respond_to?(:[]) }

  setcode do
    { 'ca' => Puppet[:localcacert], 'cert' => Puppet[:hostcert], 'key' => Puppet[:hostprivkey] }
  end
end
