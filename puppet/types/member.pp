# @summary A node of a group: its name, or a name with an address, a port or a role
type Csyncd::Member = Variant[Csyncd::Hostname, Struct[{
      'name'              => Csyncd::Hostname,
      Optional['address'] => Stdlib::Host,
      Optional['port']    => Stdlib::Port,
      Optional['role']    => Enum['full', 'receive'],
}]]
