# @summary A time: 250ms, 10s, 5m, 1h or 30d; only 0 needs no unit
type Csyncd::Duration = Variant[Integer[0, 0], Pattern[/\A(0|\d{1,15}(ms|s|m|h|d))\z/]]
