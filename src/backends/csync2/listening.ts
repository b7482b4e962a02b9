/** The TCP socket at which a process listens: csync2 says that it does a moment before. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const LISTEN = '0A';

/** The process's own number of its socket; null when it listens at none, or cannot be looked into. */
export function listeningSocket(pid: number): number | null {
  const own = socketsOf(pid);
  for (const table of ['tcp', 'tcp6']) {
    for (const line of lines(`/proc/${pid}/net/${table}`)) {
      // sl, local address, remote address, state, queues, timer, retransmits, uid, timeout, inode
      const fields = line.trim().split(/\s+/);
      const fd = fields[3] === LISTEN ? own.get(`socket:[${fields[9]}]`) : undefined;
      if (fd !== undefined) return fd;
    }
  }
  return null;
}

function socketsOf(pid: number): Map<string, number> {
  const links = new Map<string, number>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`))
      links.set(readlinkSync(`/proc/${pid}/fd/${fd}`), Number(fd));
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
