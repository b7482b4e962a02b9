/** What the figures were measured on. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

export function describeMachine(dir: string): string {
  const type = execFileSync('findmnt', ['-n', '-o', 'FSTYPE', '-T', dir], { encoding: 'utf8' }).trim();
  return [
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`,
    `${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    `Linux ${release()}`,
    distribution(),
    `trees on ${type}`,
    `Node ${process.versions.node}`,
    `csync2 ${packageVersion('csync2')}`,
    `lsyncd ${packageVersion('lsyncd')}`,
    `rsync ${packageVersion('rsync')}`,
  ].join(', ');
}

/** Something to say when others use the machine now; null when it is quiet. */
export function busyMachine(): string | null {
  const [minute = 0] = loadavg();
  return minute < 0.5 ? null : `the load average is ${minute.toFixed(1)} already: figures are worth little`;
}

function distribution(): string {
  if (!fs.existsSync('/etc/os-release')) return 'unknown system';
  return (
    /^PRETTY_NAME="?([^"\n]+)/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown system'
  );
}

function packageVersion(name: string): string {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '(not a package)';
  }
}
