# @summary What is logged, and how
type Csyncd::Log = Struct[{
    Optional['level']  => Enum['trace', 'debug', 'info', 'warn', 'error'],
    Optional['format'] => Enum['auto', 'json', 'pretty'],
}]
