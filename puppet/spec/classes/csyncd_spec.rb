# frozen_string_literal: true

require 'spec_helper'

describe 'csyncd' do
  let(:facts) { DEBIAN }
  let(:written) { config_of(catalogue) }

  SYSTEMS.each do |system, facts|
    context "on #{system}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
    end
  end

  context 'with all of the defines' do
    let(:params) { { groups: { 'web' => { 'hosts' => ['web1'], 'backend' => 'csync2' } } } }
    let(:pre_condition) do
      <<~PP
        csyncd::group { 'data': export => true }
        csyncd::host { 'web/web2': address => '192.0.2.2' }
        csyncd::mapping { 'web/shared': path => '/srv/shared', manage_directory => true }
        csyncd::action { 'web/reload': pattern => ['*.conf'], exec => ['true'] }
        csyncd::compat { 'www': directories => { '/var/www/shared' => 'wwwshared' }, hosts => ['web1'] }
      PP
    end

    it { is_expected.to compile.with_all_deps }
    it { expect(written['groups'].keys).to contain_exactly('data', 'web', 'wwwshared') }
    it { expect(written['groups']['web'].keys).to contain_exactly('key_file', 'hosts', 'backend', 'mappings', 'actions') }
    it { is_expected.to contain_class('csyncd::install').that_comes_before('Class[csyncd::config]') }
    it { is_expected.to contain_class('csyncd::config').that_comes_before('Class[csyncd::service]') }
    it { is_expected.to contain_class('csyncd::service') }
    it { is_expected.to contain_class('csyncd::unit') }
    it { is_expected.to contain_package('csyncd').with(ensure: 'installed', source: nil) }
    it { is_expected.to contain_service('csyncd').with(ensure: 'running', enable: true) }
  end

  it 'has a config that nobody else can read, and that is checked before it takes the place of the old one' do
    is_expected.to contain_concat('/etc/csyncd/csyncd.yaml')
      .with(owner: 'root', group: 'csyncd', mode: '0640', validate_cmd: '/usr/bin/csyncd config check %')
      .that_notifies('Exec[csyncd-reload]')
  end

  it 'does not restart the service because of a config' do
    is_expected.not_to contain_concat('/etc/csyncd/csyncd.yaml').that_notifies('Service[csyncd]')
  end

  it 'asks csyncd for the drop-in' do
    is_expected.to contain_exec('csyncd-unit')
      .with(unless: 'csyncd config unit | cmp -s - /etc/systemd/system/csyncd.service.d/paths.conf')
      .that_requires('Concat[/etc/csyncd/csyncd.yaml]').that_notifies('Exec[csyncd-daemon-reload]')
    is_expected.to contain_exec('csyncd-restart').that_requires('Service[csyncd]')
    is_expected.to contain_exec('csyncd-reload').with(refreshonly: true).that_requires('Exec[csyncd-reload-again]')
    is_expected.to contain_exec('csyncd-reload-again').that_requires('Exec[csyncd-restart]')
  end

  it 'says nothing that is a default' do
    expect(written).to eq('groups' => {})
  end

  it 'does not purge by default, and changes no kernel setting' do
    is_expected.to contain_file('/etc/csyncd/keys').with(ensure: 'directory', mode: '0750', purge: false)
    is_expected.not_to contain_file('/etc/sysctl.d/61-csyncd.conf')
    is_expected.to contain_file('/etc/systemd/system/csyncd.service.d/writable.conf').with(ensure: 'absent')
  end

  context 'with all settings' do
    let(:params) do
      {
        node_name: 'web1', listen: '[::]:30865', state_dir: '/data/csyncd', control_socket: '/run/c.sock', metrics: '127.0.0.1:9731',
        log: { 'level' => 'debug' }, limits: { 'send_rate' => '10MiB' }, tls: 'puppet', purge: true,
        package_source: '/root/csyncd.deb', package_ensure: 'latest', service_ensure: 'stopped', service_enable: false,
        writable_paths: ['/srv', '/with "quotes" and 100%'], sysctl: { 'fs.inotify.max_user_watches' => 4_194_304 }
      }
    end

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_package('csyncd').with(ensure: 'latest', source: '/root/csyncd.deb', provider: 'dpkg') }
    it { is_expected.to contain_service('csyncd').with(ensure: 'stopped', enable: false) }
    it { is_expected.to contain_file('/etc/csyncd/keys').with(purge: true, recurse: true) }
    it { is_expected.to contain_file('/etc/csyncd/conf.d').with(purge: true, recurse: true) }

    it 'writes them' do
      expect(written).to eq(
        'node' => 'web1', 'listen' => '[::]:30865', 'state_dir' => '/data/csyncd', 'control_socket' => '/run/c.sock',
        'metrics' => '127.0.0.1:9731', 'log' => { 'level' => 'debug' }, 'limits' => { 'send_rate' => '10MiB' },
        'tls' => { 'ca' => '/ssl/ca.pem', 'cert' => '/ssl/web1.pem', 'key' => '/ssl/web1.key' }, 'groups' => {}
      )
    end

    it 'opens the directories, quoted as systemd has it' do
      is_expected.to contain_file('/etc/systemd/system/csyncd.service.d/writable.conf')
        .with_content(%r{^\[Service\]\nReadWritePaths="-/srv"\nReadWritePaths="-/with \\"quotes\\" and 100%%"\n\z})
        .that_notifies('Exec[csyncd-daemon-reload]')
    end

    it 'sets the kernel' do
      is_expected.to contain_file('/etc/sysctl.d/61-csyncd.conf').with_content(%r{^fs\.inotify\.max_user_watches = 4194304$})
      is_expected.to contain_exec('csyncd-sysctl').with(refreshonly: true)
    end
  end

  context 'with certificates of a CA' do
    let(:params) { { tls: { 'ca' => '/a', 'cert' => '/b', 'key' => '/c' } } }

    it { expect(written['tls']).to eq('ca' => '/a', 'cert' => '/b', 'key' => '/c') }
  end

  context "with Puppet's certificates, and no fact that says where they are" do
    let(:facts) { DEBIAN.merge(csyncd_puppet_tls: nil) }
    let(:params) { { tls: 'puppet' } }

    it { is_expected.to compile.and_raise_error(%r{csyncd_puppet_tls}) }
  end

  context 'when package and service are managed elsewhere' do
    let(:params) { { manage_package: false, manage_service: false, groups: { 'web' => { 'hosts' => ['web1'] } }, keys: sensitive('web' => KEY) } }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.not_to contain_package('csyncd') }
    it { is_expected.not_to contain_service('csyncd') }
    it { is_expected.not_to contain_exec('csyncd-reload') }
  end

  context 'when it is to be gone' do
    let(:params) { { ensure: 'absent', groups: { 'web' => { 'hosts' => ['web1'], 'mappings' => { 'shared' => { 'path' => '/srv/shared', 'manage_directory' => true } } } } } }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_package('csyncd').with(ensure: 'absent') }
    it { is_expected.to contain_service('csyncd').with(ensure: 'stopped', enable: false).that_comes_before('Package[csyncd]') }
    it { is_expected.to contain_file('/etc/csyncd').with(ensure: 'absent', force: true) }
    it { is_expected.to contain_file('/etc/systemd/system/csyncd.service.d').with(ensure: 'absent') }

    it 'touches neither the data nor the state' do
      is_expected.not_to contain_file('/srv/shared')
      is_expected.not_to contain_file('/var/lib/csyncd')
      is_expected.not_to contain_concat('/etc/csyncd/csyncd.yaml')
    end

    context 'with its state' do
      let(:params) { { ensure: 'absent', package_ensure: 'purged' } }

      it { is_expected.to contain_package('csyncd').with(ensure: 'purged') }
    end
  end

  context 'with its settings in Hiera' do
    let(:facts) { DEBIAN.merge(hiera_node: 'node', hiera_cluster: 'cluster') }

    it 'merges the levels, and sorts the hosts' do
      expect(written['groups']['web']).to include(
        'hosts'    => [{ 'name' => 'web1' }, { 'name' => 'web2' }, { 'name' => 'web3' }],
        'mappings' => { 'shared' => { 'path' => '/srv/shared', 'delay' => '1s' } }
      )
    end

    it 'takes the key for a secret' do
      is_expected.to contain_file('/etc/csyncd/keys/web.key').with(content: sensitive("#{KEY}\n"), show_diff: false, mode: '0640')
    end
  end

  context 'with a local file' do
    let(:params) { { package_source: '/root/csyncd.deb' } }

    it { is_expected.to contain_package('csyncd').with(ensure: 'installed', source: '/root/csyncd.deb', provider: nil) }
  end

  ['csyncd::install', 'csyncd::config', 'csyncd::service', 'csyncd::unit', 'csyncd::csync2', 'csyncd::csync2::listener'].each do |name|
    context "when #{name} is declared from outside" do
      let(:pre_condition) { "include #{name}" }

      it { is_expected.to compile.and_raise_error(%r{private}) }
    end
  end
end
