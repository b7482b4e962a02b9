# @summary The versions that are kept of what a peer overwrote or deleted
type Csyncd::Backup = Struct[{
    Optional['generations'] => Integer[1, 1000],
    Optional['keep']        => Csyncd::Duration,
}]
