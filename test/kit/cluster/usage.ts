/** What processes use, from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux's USER_HZ on all architectures that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface ProcessUsage {
  readonly pid: number;
  readonly command: string;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** bytes that it caused to be written to disks */
  readonly writtenBytes: number;
}

/** A process and all its descendants, the process itself first; empty when it is gone. */
export function usageOfTree(root: number): ProcessUsage[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const fields = Number.isInteger(pid) ? statOf(pid) : null;
    if (fields !== null) parents.set(pid, Number(fields[1]));
  }
  const family = [root];
  for (const member of family) {
    for (const [pid, parent] of parents) if (parent === member) family.push(pid);
  }
  return family.map(usageOf).filter((usage) => usage !== null);
}

/** What identifies the network namespace that a process is in; null when the process is gone. */
export function networkOf(pid: number | string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

function usageOf(pid: number): ProcessUsage | null {
  const fields = statOf(pid);
  if (fields === null) return null;
  try {
    return {
      pid,
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      rssBytes: Number(fields[21]) * PAGE_BYTES,
      writtenBytes: Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]),
    };
  } catch {
    return null;
  }
}

/** The fields of /proc/PID/stat after the command's name, the state first; null when the process is gone. */
function statOf(pid: number): string[] | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return line.slice(line.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
