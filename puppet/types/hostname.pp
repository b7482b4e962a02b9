# @summary The name of a node, as it stands in a group's hosts
type Csyncd::Hostname = Pattern[/\A[A-Za-z0-9][A-Za-z0-9._-]*\z/]
