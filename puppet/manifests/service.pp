# @summary The daemon: running, with the config that is there
# @api private
class csyncd::service {
  assert_private()

  if $csyncd::manage_service and $csyncd::ensure == 'absent' {
    service { 'csyncd':
      ensure => 'stopped',
      enable => false,
    }
  } elsif $csyncd::manage_service {
    service { 'csyncd':
      ensure => $csyncd::service_ensure,
      enable => $csyncd::service_enable,
    }

    exec {
      default:
        path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
        provider => 'shell',
        require  => Service['csyncd'],
        ;
      # A unit that runs keeps the directories that it was started with. What is not open to it takes a restart. This looks at
      # what is, not at what has just been changed: a restart that failed is made up for in the next run.
      'csyncd-restart':
        command => 'systemctl restart csyncd',
        onlyif  => file('csyncd/needs-restart.sh'),
        # READY comes when every directory is watched.
        timeout => 960,
        ;
      # Returns when the new config is in force, and fails with the reason when it is refused.
      'csyncd-reload-again':
        command => file('csyncd/reload.sh'),
        onlyif  => 'test -e /run/csyncd/reload-refused',
        timeout => 960,
        require => Exec['csyncd-restart'],
        ;
      'csyncd-reload':
        command     => file('csyncd/reload.sh'),
        onlyif      => 'systemctl is-active --quiet csyncd',
        refreshonly => true,
        timeout     => 960,
        require     => Exec['csyncd-reload-again'],
        subscribe   => Concat['/etc/csyncd/csyncd.yaml'],
        ;
    }
  }
}
