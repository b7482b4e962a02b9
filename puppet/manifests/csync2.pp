# @summary csync2, for the groups that have it as their backend
# @api private
class csyncd::csync2 {
  assert_private()
  include csyncd

  if $csyncd::manage_csync2_package {
    # csync2 opens its database with this library, and yet does not depend on it.
    package { ['csync2', 'libsqlite3-0']:
      ensure => 'installed',
      before => Class['csyncd::service'],
    }
  }
}
