# @summary csyncd serves csync2's port: the socket unit that Debian's package starts must not have it
# @api private
class csyncd::csync2::listener {
  assert_private()
  include csyncd
  include csyncd::csync2

  if $csyncd::manage_csync2_package {
    service { 'csync2.socket':
      ensure  => 'stopped',
      enable  => false,
      require => Package['csync2'],
      before  => Class['csyncd::service'],
    }
  }
}
