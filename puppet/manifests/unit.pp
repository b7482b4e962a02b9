# @summary The drop-in that lets the unit write to the mapped directories
#
# csyncd itself says what its config needs, so that there is one source of it. The unit sees the drop-in when it is restarted;
# csyncd::service does so where the running daemon may not write to a directory.
#
# @api private
class csyncd::unit {
  assert_private()

  $dir = '/etc/systemd/system/csyncd.service.d'
  $file = "${dir}/paths.conf"
  $writable = $csyncd::writable_paths.empty ? {
    true  => 'absent',
    false => 'file',
  }

  file {
    default:
      owner => 'root',
      group => 'root',
      ;
    $dir:
      ensure => 'directory',
      mode   => '0755',
      ;
    "${dir}/writable.conf":
      ensure  => $writable,
      mode    => '0644',
      content => epp('csyncd/writable.conf.epp', { 'paths' => $csyncd::writable_paths }),
      notify  => Exec['csyncd-daemon-reload'],
      ;
  }

  exec {
    default:
      path     => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
      provider => 'shell',
      ;
    'csyncd-unit':
      command => "umask 022; csyncd config unit > ${file}.new && mv ${file}.new ${file}",
      unless  => "csyncd config unit | cmp -s - ${file}",
      require => [Concat['/etc/csyncd/csyncd.yaml'], File[$dir]],
      notify  => Exec['csyncd-daemon-reload'],
      ;
    'csyncd-daemon-reload':
      command     => 'systemctl daemon-reload',
      onlyif      => 'test -d /run/systemd/system',
      refreshonly => true,
      ;
  }
}
