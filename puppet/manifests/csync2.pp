# @summary csync2, for the groups that have it as their backend
# @api private
class csyncd::csync2 {
  assert_private()
  include csyncd

  if $csyncd::manage_csync2_package {
    package { 'csync2':
      ensure => 'installed',
      before => Class['csyncd::service'],
    }
    # Debian's package starts it, and it takes the port that csyncd serves.
    -> service { 'csync2.socket':
      ensure => 'stopped',
      enable => false,
      before => Class['csyncd::service'],
    }
  }
}
