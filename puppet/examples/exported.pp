# Whoever has this is a member: exported resources, with the certificates that Puppet has made.
class { 'csyncd':
  node_name => $trusted['certname'],
  tls       => 'puppet',
}

csyncd::group { 'web':
  key       => Sensitive(lookup('web_key')),
  export    => true,
  min_hosts => 2,
  mappings  => { 'shared' => { 'path' => '/srv/shared', 'manage_directory' => true } },
}

csyncd::action { 'web/reload-nginx':
  pattern => ['/nginx/**'],
  exec    => ['systemctl', 'reload', 'nginx'],
}
