/** Whether a process listens at a TCP port: csync2 says so a moment before it does. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

export function isListening(pid: number): boolean {
  const own = socketsOf(pid);
  return ['tcp', 'tcp6'].some((table) =>
    lines(`/proc/${pid}/net/${table}`).some((line) => {
      // sl, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode
      const fields = line.trim().split(/\s+/);
      return fields[3] === LISTEN && own.has(`socket:[${fields[9]}]`);
    }),
  );
}

function socketsOf(pid: number): Set<string> {
  const links = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) links.add(readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    // It has ended, or closed one of them meanwhile.
  }
  return links;
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n');
  } catch {
    return [];
  }
}
