# @summary /etc/csyncd, and what the kernel and the unit allow
# @api private
class csyncd::config {
  assert_private()

  $unit_dir = '/etc/systemd/system/csyncd.service.d'
  $sysctl_file = '/etc/sysctl.d/61-csyncd.conf'
  $path = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

  if $csyncd::ensure == 'absent' {
    file { ['/etc/csyncd', $unit_dir, $sysctl_file]:
      ensure => 'absent',
      force  => true,
      backup => false,
    }
    exec { 'csyncd-daemon-reload':
      command     => 'systemctl daemon-reload',
      path        => $path,
      onlyif      => 'test -d /run/systemd/system',
      refreshonly => true,
      subscribe   => File[$unit_dir],
    }
  } else {
    $tls = $csyncd::tls ? {
      'puppet' => $facts['csyncd_puppet_tls'],
      default  => $csyncd::tls,
    }
    if $csyncd::tls == 'puppet' and $tls =~ Undef {
      fail('csyncd: tls => puppet needs the fact csyncd_puppet_tls, which comes with this module')
    }

    file {
      default:
        ensure => 'directory',
        owner  => 'root',
        group  => 'csyncd',
        mode   => '0750',
        ;
      '/etc/csyncd':
        ;
      ['/etc/csyncd/conf.d', '/etc/csyncd/keys']:
        purge   => $csyncd::purge,
        recurse => $csyncd::purge,
        force   => $csyncd::purge,
        backup  => false,
        ;
    }

    # What is written is checked as a whole, fragments in conf.d included: a config that csyncd refuses never takes the place
    # of the old one, and all that depends on it is left alone.
    concat { '/etc/csyncd/csyncd.yaml':
      owner        => 'root',
      group        => 'csyncd',
      mode         => '0640',
      order        => 'alpha',
      format       => 'yaml',
      validate_cmd => '/usr/bin/csyncd config check %',
      require      => File['/etc/csyncd/conf.d', '/etc/csyncd/keys'],
    }
    concat::fragment { 'csyncd settings':
      target  => '/etc/csyncd/csyncd.yaml',
      order   => '10',
      content => csyncd::to_yaml({
          'node'           => $csyncd::node_name,
          'listen'         => $csyncd::listen,
          'state_dir'      => $csyncd::state_dir,
          'control_socket' => $csyncd::control_socket,
          'metrics'        => $csyncd::metrics,
          'log'            => $csyncd::log,
          'limits'         => $csyncd::limits,
          'tls'            => $tls,
          'groups'         => {},
      }),
    }

    contain csyncd::unit

    if !$csyncd::sysctl.empty {
      file { $sysctl_file:
        owner   => 'root',
        group   => 'root',
        mode    => '0644',
        content => epp('csyncd/sysctl.conf.epp', { 'settings' => $csyncd::sysctl }),
      }
      ~> exec { 'csyncd-sysctl':
        command     => "sysctl -p ${sysctl_file}",
        path        => $path,
        refreshonly => true,
      }
    }
  }
}
