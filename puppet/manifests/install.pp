# @summary The package
# @api private
class csyncd::install {
  assert_private()

  if $csyncd::manage_package {
    $ensure = $csyncd::ensure ? {
      'present' => $csyncd::package_ensure,
      default   => $csyncd::package_ensure ? {
        'purged' => 'purged',
        default  => 'absent',
      },
    }
    # apt would take a local file too, but compares its version with what the repositories have.
    $provider = $csyncd::package_source ? {
      undef   => undef,
      default => 'dpkg',
    }
    package { $csyncd::package_name:
      ensure   => $ensure,
      source   => $csyncd::package_source,
      provider => $provider,
    }
  }
}
