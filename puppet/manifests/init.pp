# @summary Keeps the same directories on all nodes of a cluster
#
# Installs csyncd, writes `/etc/csyncd/csyncd.yaml`, opens the mapped directories to the unit, and runs the daemon.
# A setting that is not given is left out of the file, so that csyncd's own default holds.
#
# @example Three web servers, all of it in the manifest
#   class { 'csyncd':
#     groups => {
#       'web' => {
#         'hosts'    => ['web1', 'web2', 'web3'],
#         'mappings' => { 'shared' => { 'path' => '/var/www/shared' } },
#       },
#     },
#     keys   => Sensitive({ 'web' => lookup('web_key') }),
#   }
#
# @example The same with the settings in Hiera
#   include csyncd
#
# @param ensure
#   `absent` removes the package, the configuration and the keys. The mapped directories stay as they are, and so does
#   `state_dir`: with `package_ensure => 'purged'` that goes as well.
# @param groups
#   Groups by name, in the form of csyncd.yaml; see csyncd::group for what each takes. Hiera's levels are merged deeply.
# @param keys
#   The keys of groups, by the group's name. Without one, the key file is expected to be there.
# @param node_name
#   The name of this node. Default: the host name as it stands in a group's hosts.
# @param listen
#   Where peers are listened to.
# @param state_dir
#   Database, node identity, locks.
# @param control_socket
#   Where commands reach the daemon.
# @param metrics
#   Where Prometheus text and /healthz are served. Default: nowhere.
# @param log
#   What is logged, and how.
# @param limits
#   Bytes a second.
# @param tls
#   Certificates of a CA. `puppet` takes those that this node's Puppet agent has; a node's certificate must name it, so that
#   the hosts of a group are then written by their certificate names. Default: an own identity, pinned on first use.
# @param manage_package
#   Whether the package is managed.
# @param package_name
#   The name of the package.
# @param package_ensure
#   A version, `installed` or `latest`; with `ensure => absent`: `purged` instead of `absent`.
# @param package_source
#   A local .deb. Default: the package comes from a repository. With `package_ensure => 'latest'` another file is an upgrade.
# @param manage_csync2_package
#   Whether csync2 is installed where a group has it as its backend, and its own socket unit is kept from taking the port.
# @param manage_service
#   Whether the daemon is managed: running, restarted where it must be, reloaded otherwise.
# @param service_ensure
#   Whether it runs.
# @param service_enable
#   Whether it is started at boot.
# @param writable_paths
#   Directories that the daemon may write below in any case. A mapping that comes below one of them later takes a reload,
#   any other one restart.
# @param purge
#   Whether fragments in conf.d and keys that Puppet does not manage are removed.
# @param sysctl
#   Kernel settings to change, such as `{ 'fs.inotify.max_user_watches' => 4194304 }`. The package brings sufficient ones.
class csyncd (
  Enum['present', 'absent'] $ensure = 'present',
  Csyncd::Groups $groups = {},
  Sensitive[Hash[Csyncd::Name, Csyncd::Key]] $keys = Sensitive({}),
  Optional[Csyncd::Hostname] $node_name = undef,
  Optional[Csyncd::Endpoint] $listen = undef,
  Optional[Stdlib::Unixpath] $state_dir = undef,
  Optional[Stdlib::Unixpath] $control_socket = undef,
  Optional[Csyncd::Endpoint] $metrics = undef,
  Optional[Csyncd::Log] $log = undef,
  Optional[Csyncd::Limits] $limits = undef,
  Optional[Variant[Enum['puppet'], Csyncd::Tls]] $tls = undef,
  Boolean $manage_package = true,
  String[1] $package_name = 'csyncd',
  String[1] $package_ensure = 'installed',
  Optional[Stdlib::Unixpath] $package_source = undef,
  Boolean $manage_csync2_package = true,
  Boolean $manage_service = true,
  Enum['running', 'stopped'] $service_ensure = 'running',
  Boolean $service_enable = true,
  Array[Stdlib::Unixpath] $writable_paths = [],
  Boolean $purge = false,
  Hash[Pattern[/\A[a-z0-9_.\/-]+\z/], Variant[Integer, String[1]]] $sysctl = {},
) {
  contain csyncd::install
  contain csyncd::config
  contain csyncd::service

  if $ensure == 'present' {
    Class['csyncd::install'] -> Class['csyncd::config'] -> Class['csyncd::service']

    $groups.each |$name, $settings| {
      csyncd::group { $name: * => $settings }
    }
  } else {
    Class['csyncd::service'] -> Class['csyncd::install'] -> Class['csyncd::config']
  }
}
