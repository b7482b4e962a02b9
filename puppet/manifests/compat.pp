# @summary The directories of a cluster with csync2 and lsyncd, as they are
#
# Such manifests have a hash: the directory that lsyncd watches, to the name of the csync2 config (`csync2 -C NAME`) that is run for
# it. Each name becomes a group, with the key that csync2 has used; each directory becomes a mapping, named after its path.
#
# @example Before: lsyncd watches four directories, and runs one of two csync2 configs
#   csyncd::compat { 'www':
#     directories => {
#       '/var/www/shared'   => 'wwwshared',
#       '/var/www/data/ini' => 'wwwdata',
#       '/var/www/data/png' => 'wwwdata',
#       '/var/www/data/zip' => 'wwwdata',
#     },
#     hosts       => ['web1', 'web2', 'web3'],
#     exclude     => { 'wwwshared' => ['.*.swp'] },
#   }
#
# @param directories
#   Directory to the name of its csync2 config.
# @param hosts
#   The nodes, of each group.
# @param export
#   Instead of, or beside `hosts`: every node makes itself known; see csyncd::group.
# @param min_hosts
#   See csyncd::group.
# @param key_dir
#   Where `csync2_NAME.key` is.
# @param exclude
#   The name of a csync2 config to what it leaves out, in csyncd's manner.
# @param backend
#   `csync2` to let that program move the files as before.
# @param first_port
#   With csync2: the port of the first config in the order of the names; each of the others has the next one.
# @param auto
#   Which version wins a conflict.
define csyncd::compat (
  Hash[Stdlib::Unixpath, Csyncd::Name] $directories,
  Array[Csyncd::Member] $hosts = [],
  Boolean $export = false,
  Optional[Integer[1]] $min_hosts = undef,
  Stdlib::Unixpath $key_dir = '/etc/csync2',
  Hash[Csyncd::Name, Array[String[1]]] $exclude = {},
  Optional[Enum['engine', 'csync2']] $backend = undef,
  Stdlib::Port $first_port = 30865,
  Optional[Csyncd::Auto] $auto = undef,
) {
  $directories.values.unique.sort.each |$index, $name| {
    # csyncd runs a listener for each, where inetd had one for all.
    $csync2 = $backend ? {
      'csync2' => { 'port' => $first_port + $index },
      default  => undef,
    }
    csyncd::group { $name:
      key_file  => "${key_dir}/csync2_${name}.key",
      hosts     => $hosts,
      export    => $export,
      min_hosts => $min_hosts,
      backend   => $backend,
      csync2    => $csync2,
      auto      => $auto,
    }
  }
  $directories.each |$path, $name| {
    csyncd::mapping { "${name}/${csyncd::mapping_name($path)}":
      path    => $path,
      exclude => pick($exclude[$name], []),
    }
  }
}
