# @summary A percentage: 50%
type Csyncd::Percent = Pattern[/\A(\d{1,2}|100)%\z/]
