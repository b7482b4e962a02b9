# @summary The key of a group, as `csyncd keygen` writes it
type Csyncd::Key = Pattern[/\A[A-Za-z0-9._]{32,1023}\n?\z/]
