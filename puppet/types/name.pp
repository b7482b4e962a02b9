# @summary The name of a group, a mapping or an action
type Csyncd::Name = Pattern[/\A[a-z0-9][a-z0-9_-]{0,62}\z/]
