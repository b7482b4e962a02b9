# @summary Bytes a second, 0 for none
type Csyncd::Limits = Struct[{
    Optional['send_rate']    => Csyncd::Size,
    Optional['receive_rate'] => Csyncd::Size,
}]
