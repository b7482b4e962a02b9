# @summary A command that is run after changes
#
# @example
#   csyncd::action { 'web/reload-nginx':
#     pattern => ['/nginx/**'],
#     exec    => ['systemctl', 'reload', 'nginx'],
#   }
#
# @param pattern
#   The paths, below the mappings, that trigger it.
# @param exec
#   The command and its arguments; no shell. The changed paths are in the file that `$CSYNCD_PATHS` names.
# @param group
#   The group; by default what is before the slash in the title.
# @param action
#   The action's name; by default what is behind the slash in the title.
# @param where
#   On which nodes.
# @param timeout
#   How long it may take.
define csyncd::action (
  Array[String[1], 1] $pattern,
  Array[String[1], 1] $exec,
  Csyncd::Name $group = split($title, '/')[0],
  Csyncd::Name $action = split($title, '/')[1],
  Optional[Enum['receiver', 'origin', 'everywhere']] $where = undef,
  Optional[Csyncd::Duration] $timeout = undef,
) {
  include csyncd

  if $csyncd::ensure == 'present' {
    $settings = {
      'name'    => $action,
      'pattern' => $pattern,
      'exec'    => $exec,
      'where'   => $where,
      'timeout' => $timeout,
    }
    concat::fragment { "csyncd action ${group}/${action}":
      target  => '/etc/csyncd/csyncd.yaml',
      order   => '50',
      content => csyncd::to_yaml({
          'groups' => { $group => { 'actions' => [$settings.filter |$setting, $value| { $value =~ NotUndef }] } },
      }),
    }
  }
}
