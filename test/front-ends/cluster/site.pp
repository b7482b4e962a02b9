# The cluster of csyncd.yaml, some of it in the class and some in the defines.
class { 'csyncd':
  manage_package        => false,
  manage_csync2_package => false,
  manage_service        => false,
  listen                => '[::]:4444',
  state_dir             => '/var/lib/elsewhere',
  control_socket        => '/run/csyncd/other.sock',
  metrics               => '127.0.0.1:9731',
  log                   => { 'level' => 'debug', 'format' => 'json' },
  limits                => { 'send_rate' => '10MiB', 'receive_rate' => '64KiB' },
  tls                   => { 'ca' => '/etc/ssl/ca.pem', 'cert' => '/etc/ssl/node.pem', 'key' => '/etc/ssl/node.key' },
  keys                  => Sensitive({
      'web'   => 'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww',
      'spool' => 'ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss',
  }),
  groups                => {
    'web' => {
      'key_file' => '/etc/csyncd/keys/other.key',
      'hosts'    => [
        { 'name' => 'web3', 'port' => 4444, 'role' => 'receive' },
        { 'name' => 'web1', 'address' => '192.0.2.1', 'port' => 4444 },
        { 'name' => 'web2', 'address' => '192.0.2.2', 'port' => 4444 },
      ],
      'auto'     => 'keep-both',
      'backup'   => { 'generations' => 5, 'keep' => '7d' },
      'mappings' => {
        'shared' => {
          'path'             => '/srv/shared',
          'paths'            => { 'web3' => '/srv/ü' },
          'exclude'          => ['*~', '!keep~', '/cache/**'],
          'include'          => ['/**'],
          'delay'            => '200ms',
          'max_delay'        => '5s',
          'rescan'           => '2h',
          'durability'       => 'relaxed',
          'owner'            => 'numeric',
          'max_delete'       => '20%',
        },
      },
      'actions'  => {
        'reload' => {
          'pattern' => ['/nginx/**'],
          'exec'    => ['sh', '-c', 'echo "$1" \\ %s'],
          'where'   => 'everywhere',
          'timeout' => '5s',
        },
      },
    },
  },
}

csyncd::host { 'web/zone1': address => '2001:db8::9' }

csyncd::mapping { 'web/1e3':
  path    => '/srv/with "quotes", 100% and: blanks',
  exclude => ['# no comment', 'null', 'yes', '012', "it's", '- x', 'a: b', '{c}', 'ü'],
}

csyncd::action { 'web/list':
  pattern => ['/lists/**', '*.txt'],
  exec    => ['sort-lists'],
}

csyncd::group { 'spool':
  hosts    => [
    { 'name' => 'web1', 'address' => '192.0.2.1' },
    { 'name' => 'web2', 'address' => '192.0.2.2' },
    { 'name' => 'web3', 'role' => 'receive' },
  ],
  backend  => 'csync2',
  auto     => 'left',
  csync2   => {
    'binary'       => '/opt/csync2',
    'config_dir'   => '/etc/csync2/spool',
    'config_name'  => 'spool',
    'database_dir' => '/var/lib/csync2/spool',
    'port'         => 4445,
    'listener'     => 'external',
    'no_ssl'       => true,
    'lock_timeout' => '5s',
    'args'         => ['-B'],
  },
  mappings => { 'spool' => { 'path' => '/srv/spool', 'exclude' => ['/cache/**'] } },
}
