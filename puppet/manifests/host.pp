# @summary A node of a group
#
# Exported with the tag `csyncd-GROUP`, it is collected by all nodes that have csyncd::group with `export`.
#
# @example
#   csyncd::host { 'web/web4': address => '10.0.0.4' }
#
# @param group
#   The group; by default what is before the slash in the title.
# @param host_name
#   The node's name, the same on all nodes; by default what is behind the slash in the title.
# @param address
#   Where it is reached; default: its name.
# @param port
#   Where it listens; default: 30865.
# @param role
#   `receive` takes changes and sends none.
define csyncd::host (
  Csyncd::Name $group = split($title, '/')[0],
  Csyncd::Hostname $host_name = split($title, '/')[1],
  Optional[Stdlib::Host] $address = undef,
  Optional[Stdlib::Port] $port = undef,
  Optional[Enum['full', 'receive']] $role = undef,
) {
  include csyncd

  if $csyncd::ensure == 'present' {
    $entry = { 'name' => $host_name, 'address' => $address, 'port' => $port, 'role' => $role }
    # Fragments of one order are sorted by name.
    concat::fragment { "csyncd host ${group}/${host_name}":
      target  => '/etc/csyncd/csyncd.yaml',
      order   => '30',
      content => csyncd::to_yaml({
          'groups' => { $group => { 'hosts' => [$entry.filter |$setting, $value| { $value =~ NotUndef }] } },
      }),
    }
  }
}
