# frozen_string_literal: true

require 'spec_helper'

describe 'csyncd::group' do
  let(:title) { 'web' }
  let(:facts) { DEBIAN }
  let(:group) { config_of(catalogue)['groups']['web'] }

  context 'with a list of hosts' do
    let(:params) do
      {
        hosts: ['web3', { 'name' => 'web2', 'address' => '192.0.2.2', 'port' => 30_866, 'role' => 'receive' }, 'web1'],
        key: sensitive(KEY), auto: 'none', backup: { 'keep' => '7d' }, min_hosts: 3,
        mappings: { 'shared' => { 'path' => '/srv/shared' } },
        actions: { 'reload' => { 'pattern' => ['*.conf'], 'exec' => ['true'] } }
      }
    end

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_class('csyncd') }

    it 'writes them in the order of their names' do
      expect(group).to eq(
        'key_file' => '/etc/csyncd/keys/web.key', 'auto' => 'none', 'backup' => { 'keep' => '7d' },
        'hosts'    => [{ 'name' => 'web1' }, { 'name' => 'web2', 'address' => '192.0.2.2', 'port' => 30_866, 'role' => 'receive' }, { 'name' => 'web3' }],
        'mappings' => { 'shared' => { 'path' => '/srv/shared' } },
        'actions'  => [{ 'name' => 'reload', 'pattern' => ['*.conf'], 'exec' => ['true'] }]
      )
    end

    it 'has the key in no diff, and reloads for another one' do
      is_expected.to contain_file('/etc/csyncd/keys/web.key')
        .with(content: sensitive("#{KEY}\n"), owner: 'root', group: 'csyncd', mode: '0640', show_diff: false, backup: false)
        .that_notifies('Exec[csyncd-reload]').that_requires('Concat[/etc/csyncd/csyncd.yaml]')
    end

    it 'counts the hosts before it writes the config' do
      is_expected.to contain_csyncd_members('web').with(minimum: 3).that_comes_before('Concat[/etc/csyncd/csyncd.yaml]')
    end

    it { expect(exported_resources).not_to contain_csyncd__host('web/web1') }
    it { is_expected.not_to contain_package('csync2') }
  end

  context 'with a list of hosts, and nothing said of their number' do
    let(:params) { { hosts: ['web1'] } }

    it { is_expected.to contain_csyncd_members('web').with(minimum: 1) }
  end

  context 'without a key' do
    it 'keeps the mode of one that is there' do
      is_expected.to contain_file('/etc/csyncd/keys/web.key').with(mode: '0640', ensure: nil, content: nil)
    end
  end

  context 'with a key file of somebody else' do
    let(:params) { { key_file: '/etc/csync2/csync2_web.key' } }

    it { is_expected.not_to contain_file('/etc/csync2/csync2_web.key') }
    it { expect(group['key_file']).to eq('/etc/csync2/csync2_web.key') }
  end

  context 'when nodes make themselves known' do
    let(:params) { { export: true, role: 'receive' } }

    it { is_expected.to contain_csyncd_members('web').with(minimum: 'half') }

    it 'exports this node' do
      expect(exported_resources).to contain_csyncd__host('web/web1.example.org').with(address: '192.0.2.1', port: nil, role: 'receive', tag: 'csyncd-web')
    end

    context 'at another port' do
      let(:pre_condition) { 'class { "csyncd": node_name => "first", listen => "[::]:4000" }' }

      it { expect(exported_resources).to contain_csyncd__host('web/first').with(port: 4000) }
    end
  end

  context 'when other nodes have made themselves known' do
    let(:params) { { export: true, hosts: ['web9'], min_hosts: 4 } }

    before do
      allow(Puppet).to receive(:[]).and_call_original
      allow(Puppet).to receive(:[]).with(:storeconfigs).and_return(true)
      # What PuppetDB answers: the resources of the other nodes, in any order.
      allow(Puppet::Resource.indirection).to receive(:search) do |_, query|
        ['web3.example.org', 'web2.example.org'].map do |name|
          host = Puppet::Parser::Resource.new('Csyncd::Host', "web/#{name}", scope: query[:scope], exported: true)
          { address: '192.0.2.7', tag: 'csyncd-web' }.each { |parameter, value| host.set_parameter(parameter, value) }
          host
        end
      end
    end

    it 'has all of them in the order of their names' do
      names = group['hosts'].map { |host| host['name'] }
      expect(names).to eq(['web1.example.org', 'web2.example.org', 'web3.example.org', 'web9'])
    end
  end

  context 'with csync2' do
    let(:params) { { backend: 'csync2', hosts: ['web1'], csync2: { 'no_ssl' => true } } }

    it { is_expected.to contain_package('csync2').that_comes_before('Service[csync2.socket]') }
    it { is_expected.to contain_package('libsqlite3-0') }
    it { is_expected.to contain_service('csync2.socket').with(ensure: 'stopped', enable: false).that_comes_before('Class[csyncd::service]') }
    it { expect(group).to include('backend' => 'csync2', 'csync2' => { 'no_ssl' => true }) }

    context 'when its own socket unit serves the port' do
      let(:params) { { backend: 'csync2', hosts: ['web1'], csync2: { 'listener' => 'external' } } }

      it { is_expected.to contain_package('csync2') }
      it { is_expected.not_to contain_service('csync2.socket') }
    end

    context 'when that is managed elsewhere' do
      let(:pre_condition) { 'class { "csyncd": manage_csync2_package => false }' }

      it { is_expected.not_to contain_package('csync2') }
    end
  end

  context 'with a csync2.cfg that is managed elsewhere' do
    let(:params) { { backend: 'csync2', csync2: { 'config_file' => '/etc/csync2.cfg' } } }

    it { expect(group).to eq('backend' => 'csync2', 'csync2' => { 'config_file' => '/etc/csync2.cfg' }) }
    it { is_expected.not_to contain_csyncd_members('web') }
  end

  context 'with a name that csyncd does not take' do
    let(:title) { 'Web' }

    it { is_expected.to compile.and_raise_error(%r{Csyncd::Name}) }
  end

  context 'with a key that is no secret to Puppet' do
    let(:params) { { key: KEY } }

    it { is_expected.to compile.and_raise_error(%r{Sensitive}) }
  end
end
