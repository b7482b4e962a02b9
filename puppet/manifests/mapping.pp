# @summary A directory that the nodes of a group share
#
# @example
#   csyncd::mapping { 'web/uploads':
#     path    => '/var/www/uploads',
#     exclude => ['.*.swp', '/cache/**'],
#   }
#
# @param path
#   The directory, on every node.
# @param group
#   The group; by default what is before the slash in the title.
# @param mapping
#   The mapping's name; by default what is behind the slash in the title.
# @param paths
#   Where a node keeps it elsewhere: node to path.
# @param exclude
#   What is left out, in the manner of gitignore: the last match decides.
# @param include
#   When not empty, only these.
# @param delay
#   Quiet time before a change is taken up.
# @param max_delay
#   Taken up after this long even while it keeps changing.
# @param rescan
#   The time between full comparisons of the tree with the state.
# @param durability
#   `strict`: what is acknowledged is on disk.
# @param owner
#   How uid and gid travel.
# @param max_delete
#   What deletes more than this at once is held until it is approved.
# @param manage_directory
#   Whether the directory is made here. One that is declared elsewhere is not.
define csyncd::mapping (
  Stdlib::Unixpath $path,
  Csyncd::Name $group = split($title, '/')[0],
  Csyncd::Name $mapping = split($title, '/')[1],
  Hash[Csyncd::Hostname, Stdlib::Unixpath] $paths = {},
  Array[String[1]] $exclude = [],
  Array[String[1]] $include = [],
  Optional[Csyncd::Duration] $delay = undef,
  Optional[Csyncd::Duration] $max_delay = undef,
  Optional[Csyncd::Duration] $rescan = undef,
  Optional[Enum['strict', 'relaxed']] $durability = undef,
  Optional[Enum['name', 'numeric', 'ignore']] $owner = undef,
  Optional[Csyncd::Percent] $max_delete = undef,
  Boolean $manage_directory = false,
) {
  include csyncd

  if $csyncd::ensure == 'present' {
    $settings = {
      'path'       => $path,
      'paths'      => $paths,
      'exclude'    => $exclude,
      'include'    => $include,
      'delay'      => $delay,
      'max_delay'  => $max_delay,
      'rescan'     => $rescan,
      'durability' => $durability,
      'owner'      => $owner,
      'max_delete' => $max_delete,
    }
    concat::fragment { "csyncd mapping ${group}/${mapping}":
      target  => '/etc/csyncd/csyncd.yaml',
      order   => '40',
      content => csyncd::to_yaml({
          'groups' => {
            $group => {
              'mappings' => { $mapping => $settings.filter |$setting, $value| { !($value in [undef, [], {}]) } },
            },
          },
      }),
    }

    if $manage_directory {
      # Not for a config that is refused.
      file { $path:
        ensure  => 'directory',
        require => Concat['/etc/csyncd/csyncd.yaml'],
        before  => Class['csyncd::service'],
      }
    }
  }
}
