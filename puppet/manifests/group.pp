# @summary A group: who shares what, with which key
#
# The hosts of a group come from a list, which may be in Hiera, from the nodes themselves (`export`), or from both. In either
# way they stand in the file in the order of their names, the same on all nodes, and a host that is no longer there is gone from it.
#
# @example A list
#   csyncd::group { 'web':
#     hosts    => ['web1', 'web2', { 'name' => 'web3', 'address' => '10.0.0.3', 'role' => 'receive' }],
#     mappings => { 'shared' => { 'path' => '/var/www/shared' } },
#   }
#
# @example Whoever has this group is a member (needs PuppetDB)
#   csyncd::group { 'web':
#     export   => true,
#     mappings => { 'shared' => { 'path' => '/var/www/shared' } },
#   }
#
# @param key
#   The key, as `csyncd keygen` writes it. Default: what csyncd's parameter `keys` has for this group; without that, the key
#   file is expected to be there.
# @param key_file
#   Where the key is.
# @param hosts
#   The nodes: names, or names with an address, a port or a role.
# @param export
#   Whether this node makes itself known to the others, and takes all that do so as hosts.
# @param host_name
#   With `export`: the name of this node. Default: csyncd's `node_name`, or else the full host name.
# @param address
#   With `export`: where others reach this node.
# @param port
#   With `export`: the port where others reach this node. Default: that of csyncd's `listen`.
# @param role
#   With `export`: `receive` for a node that takes changes and sends none.
# @param min_hosts
#   With fewer hosts than this the config is left as it is, and the run says so: an answer of PuppetDB that is empty must not
#   part the cluster. Default with `export`: half of the hosts that the config in place has, and not one where it has more.
# @param backend
#   csyncd's own engine, or the program csync2.
# @param auto
#   Which version wins a conflict.
# @param backup
#   The versions that are kept of what a peer overwrote or deleted.
# @param csync2
#   How csync2 is run. With `config_file`, hosts, key and directories are those of that csync2.cfg.
# @param mappings
#   The directories, by name; see csyncd::mapping.
# @param actions
#   Commands after changes, by name; see csyncd::action.
define csyncd::group (
  Optional[Sensitive[Csyncd::Key]] $key = undef,
  Stdlib::Unixpath $key_file = "/etc/csyncd/keys/${title}.key",
  Array[Csyncd::Member] $hosts = [],
  Boolean $export = false,
  Optional[Csyncd::Hostname] $host_name = undef,
  Stdlib::Host $address = $facts['networking']['ip'],
  Optional[Stdlib::Port] $port = undef,
  Optional[Enum['full', 'receive']] $role = undef,
  Optional[Integer[1]] $min_hosts = undef,
  Optional[Enum['engine', 'csync2']] $backend = undef,
  Optional[Csyncd::Auto] $auto = undef,
  Optional[Csyncd::Backup] $backup = undef,
  Optional[Csyncd::Csync2] $csync2 = undef,
  Hash[Csyncd::Name, Hash[String[1], Any]] $mappings = {},
  Hash[Csyncd::Name, Hash[String[1], Any]] $actions = {},
) {
  include csyncd
  assert_type(Csyncd::Name, $title)

  if $csyncd::ensure == 'present' {
    $elsewhere = $csync2 ? {
      undef   => false,
      default => 'config_file' in $csync2,
    }
    $own = $elsewhere ? {
      true  => {},
      false => { 'key_file' => $key_file, 'hosts' => [] },
    }
    concat::fragment { "csyncd group ${title}":
      target  => '/etc/csyncd/csyncd.yaml',
      order   => '20',
      content => csyncd::to_yaml({
          'groups' => {
            $title => $own + { 'backend' => $backend, 'auto' => $auto, 'backup' => $backup, 'csync2' => $csync2 },
          },
      }),
    }

    $hosts.each |$host| {
      $settings = $host ? {
        String  => { 'name' => $host },
        default => $host,
      }
      csyncd::host { "${title}/${settings['name']}": * => $settings - 'name' }
    }
    if $export {
      $own_name = pick($host_name, $csyncd::node_name, $facts['networking']['fqdn'])
      if $port =~ Undef and $csyncd::listen {
        $own_port = Integer(split($csyncd::listen, ':')[-1], 10)
      } else {
        $own_port = $port
      }
      @@csyncd::host { "${title}/${own_name}":
        address => $address,
        port    => $own_port,
        role    => $role,
        tag     => "csyncd-${title}",
      }
      Csyncd::Host <<| tag == "csyncd-${title}" |>>
    }
    if !$elsewhere {
      $default_minimum = $export ? {
        true    => 'half',
        default => 1,
      }
      csyncd_members { $title:
        minimum => pick($min_hosts, $default_minimum),
        before  => Concat['/etc/csyncd/csyncd.yaml'],
      }
    }

    $mappings.each |$name, $settings| {
      csyncd::mapping { "${title}/${name}": * => $settings }
    }
    $actions.each |$name, $settings| {
      csyncd::action { "${title}/${name}": * => $settings }
    }

    $secret = $key ? {
      undef   => $csyncd::keys.unwrap[$title],
      default => $key.unwrap,
    }
    if $secret {
      # After the config: with one that is refused the daemon is not told of another key either.
      file { $key_file:
        ensure    => 'file',
        owner     => 'root',
        group     => 'csyncd',
        mode      => '0640',
        content   => Sensitive("${secret.chomp}\n"),
        show_diff => false,
        backup    => false,
        require   => Concat['/etc/csyncd/csyncd.yaml'],
        before    => Class['csyncd::service'],
      }
    } elsif $key_file =~ /\A\/etc\/csyncd\/keys\// and !defined(File[$key_file]) {
      # Not made here, and yet not to be purged.
      file { $key_file:
        owner   => 'root',
        group   => 'csyncd',
        mode    => '0640',
        require => Concat['/etc/csyncd/csyncd.yaml'],
        before  => Class['csyncd::service'],
      }
    }
    if $csyncd::manage_service and defined(File[$key_file]) {
      File[$key_file] ~> Exec['csyncd-reload']
    }

    if $backend == 'csync2' {
      include csyncd::csync2
      if pick($csync2, {})['listener'] != 'external' {
        include csyncd::csync2::listener
      }
    }
  }
}
