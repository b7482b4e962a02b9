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
    # apt brings what a local file depends on, but takes what repositories have for the latest; dpkg looks into the file.
    if $csyncd::package_source and $ensure == 'latest' {
      $provider = 'dpkg'
    } else {
      $provider = undef
    }
    package { $csyncd::package_name:
      ensure   => $ensure,
      source   => $csyncd::package_source,
      provider => $provider,
    }
  }
}
