# Three nodes by a list.
class { 'csyncd':
  keys   => Sensitive({ 'web' => lookup('web_key') }),
  groups => {
    'web' => {
      'hosts'    => ['web1', 'web2', 'web3'],
      'mappings' => { 'shared' => { 'path' => '/srv/shared', 'manage_directory' => true } },
    },
  },
}
