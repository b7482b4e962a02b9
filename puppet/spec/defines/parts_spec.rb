# frozen_string_literal: true

require 'spec_helper'

describe 'csyncd::host' do
  let(:title) { 'web/web1' }
  let(:facts) { DEBIAN }

  it { expect(config_of(catalogue)['groups']).to eq('web' => { 'hosts' => [{ 'name' => 'web1' }] }) }

  context 'with a title of its own' do
    let(:title) { 'the first' }
    let(:params) { { group: 'web', host_name: 'web1', address: '2001:db8::1' } }

    it { expect(config_of(catalogue)['groups']['web']['hosts']).to eq([{ 'name' => 'web1', 'address' => '2001:db8::1' }]) }
  end

  context 'with a title that names no group' do
    let(:title) { 'web1' }

    it { is_expected.to compile.and_raise_error(%r{host_name}) }
  end
end

describe 'csyncd::mapping' do
  let(:title) { 'web/shared' }
  let(:facts) { DEBIAN }
  let(:params) { { path: '/srv/shared' } }

  it { expect(config_of(catalogue)['groups']).to eq('web' => { 'mappings' => { 'shared' => { 'path' => '/srv/shared' } } }) }
  it { is_expected.not_to contain_file('/srv/shared') }

  context 'with all settings' do
    let(:params) do
      {
        path: '/srv/shared', paths: { 'web3' => '/data' }, exclude: ['*.swp', '!keep.swp'], include: ['/a/**'], delay: '1s', max_delay: '5s',
        rescan: '2h', durability: 'relaxed', owner: 'numeric', max_delete: '10%', manage_directory: true
      }
    end

    it 'writes them' do
      expect(config_of(catalogue)['groups']['web']['mappings']['shared']).to eq(
        'path' => '/srv/shared', 'paths' => { 'web3' => '/data' }, 'exclude' => ['*.swp', '!keep.swp'], 'include' => ['/a/**'],
        'delay' => '1s', 'max_delay' => '5s', 'rescan' => '2h', 'durability' => 'relaxed', 'owner' => 'numeric', 'max_delete' => '10%'
      )
    end

    it { is_expected.to contain_file('/srv/shared').with(ensure: 'directory').that_comes_before('Class[csyncd::service]') }
  end
end

describe 'csyncd::action' do
  let(:title) { 'web/reload' }
  let(:facts) { DEBIAN }
  let(:params) { { pattern: ['*.conf'], exec: ['systemctl', 'reload', 'nginx'], where: 'everywhere', timeout: '5s' } }

  it 'is one of its group' do
    expect(config_of(catalogue)['groups']['web']['actions']).to eq(
      [{ 'name' => 'reload', 'pattern' => ['*.conf'], 'exec' => ['systemctl', 'reload', 'nginx'], 'where' => 'everywhere', 'timeout' => '5s' }]
    )
  end
end

describe 'csyncd::compat' do
  let(:title) { 'www' }
  let(:facts) { DEBIAN }
  let(:params) do
    {
      directories: { '/var/www/shared' => 'wwwshared', '/var/www/data/ini' => 'wwwdata', '/var/www/data/png' => 'wwwdata' },
      hosts: ['web2', 'web1'], exclude: { 'wwwshared' => ['.*.swp'] }, auto: 'none'
    }
  end

  it 'makes a group of each config, and a mapping of each directory' do
    hosts = [{ 'name' => 'web1' }, { 'name' => 'web2' }]
    expect(config_of(catalogue)['groups']).to eq(
      'wwwshared' => {
        'key_file' => '/etc/csync2/csync2_wwwshared.key', 'auto' => 'none', 'hosts' => hosts,
        'mappings' => { 'var-www-shared' => { 'path' => '/var/www/shared', 'exclude' => ['.*.swp'] } }
      },
      'wwwdata'   => {
        'key_file' => '/etc/csync2/csync2_wwwdata.key', 'auto' => 'none', 'hosts' => hosts,
        'mappings' => { 'var-www-data-ini' => { 'path' => '/var/www/data/ini' }, 'var-www-data-png' => { 'path' => '/var/www/data/png' } }
      }
    )
  end
end
