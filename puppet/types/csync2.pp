# @summary How csync2 is run, for a group with that backend
type Csyncd::Csync2 = Struct[{
    Optional['binary']       => String[1],
    Optional['config_file']  => Stdlib::Unixpath,
    Optional['config_dir']   => Stdlib::Unixpath,
    Optional['config_name']  => String[1],
    Optional['database_dir'] => Stdlib::Unixpath,
    Optional['port']         => Stdlib::Port,
    Optional['listener']     => Enum['csyncd', 'external'],
    Optional['no_ssl']       => Boolean,
    Optional['lock_timeout'] => Csyncd::Duration,
    Optional['args']         => Array[String[1]],
}]
