# @summary ADDRESS:PORT, an IPv6 address in brackets
type Csyncd::Endpoint = Pattern[/\A(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*):\d{1,5}\z/]
