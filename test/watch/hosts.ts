/** The watch hosts of a process, as /proc shows them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Process ids of the live watch hosts that `parent` forked. */
export function hostsOf(parent: number): number[] {
  const hosts: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // pid (name) state ppid …
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      if (Number(ppid) === parent && state !== 'Z' && /watch/.test(command)) hosts.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return hosts;
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

export function inotifyDescriptors(pid: number): number {
  const dir = `/proc/${pid}/fd`;
  return readdirSync(dir).filter((fd) => {
    try {
      return readlinkSync(`${dir}/${fd}`) === 'anon_inode:inotify';
    } catch {
      return false;
    }
  }).length;
}
