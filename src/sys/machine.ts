/** What Linux says of this boot and of what is mounted. */
import { readFileSync } from 'node:fs';

/** Another text after every boot; null when it cannot be read. */
export function bootId(): string | null {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Text of mountinfo (proc_pid_mountinfo(5)), a byte string; it changes with every mount. null when it cannot be read. */
export function mountInfo(): string | null {
  return read('/proc/self/mountinfo');
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
