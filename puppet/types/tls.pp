# @summary Certificates of a CA
type Csyncd::Tls = Struct[{
    'ca'   => Stdlib::Unixpath,
    'cert' => Stdlib::Unixpath,
    'key'  => Stdlib::Unixpath,
}]
