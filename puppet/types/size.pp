# @summary Bytes: 65536, 64KiB or 1GiB
type Csyncd::Size = Variant[Integer[0], Pattern[/\A\d{1,16}(B|KiB|MiB|GiB|TiB)?\z/]]
