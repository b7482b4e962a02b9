/**
 * Whether a program gets on: what it has read and written and computed, as /proc tells it. Bytes alone would not do:
 * what goes over TLS sockets is not counted there, but computing it is.
 */
import { readFileSync } from 'node:fs';

/**
 * Changes as long as the process or one of its children works. null when it cannot be known, such as for a process that
 * has ended.
 */
export function progressOf(pid: number): string | null {
  const own = workOf(pid);
  if (own === null) return null;
  const children = read(`/proc/${pid}/task/${pid}/children`) ?? '';
  const below = children
    .split(' ')
    .filter((child) => child !== '')
    .map((child) => workOf(Number(child)) ?? '');
  return [own, ...below].join('\n');
}

function workOf(pid: number): string | null {
  const io = read(`/proc/${pid}/io`);
  const stat = read(`/proc/${pid}/stat`);
  if (io === null || stat === null) return null;
  // Behind the name in parentheses, which may hold anything: the state first, utime and stime as 12th and 13th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime] = fields.slice(11, 13);
  // Ended, and not buried yet.
  if (fields[0] === 'Z') return null;
  return `${pid} ${utime} ${stime} ${io}`;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}

export interface StallBounds {
  /** ms without any progress after which `onStall` is called */
  readonly stallMs: number;
  /** ms without any progress after which `onGivenUp` is called */
  readonly killMs: number;
  readonly onStall: () => void;
  readonly onGivenUp: () => void;
}

const LOOKS = 5;

/**
 * Watches a process until the result is called. A stall is reported once, until the process gets on again.
 * @param pid undefined for a process that could not be started
 */
export function watchProgress(pid: number | undefined, bounds: StallBounds): () => void {
  if (pid === undefined) return () => undefined;
  let last = progressOf(pid);
  let since = performance.now();
  let isStalled = false;
  let isGivenUp = false;
  const timer = setInterval(() => {
    const now = progressOf(pid);
    if (now === null) return;
    if (now !== last) {
      last = now;
      since = performance.now();
      isStalled = false;
      return;
    }
    const still = performance.now() - since;
    if (still >= bounds.stallMs && !isStalled) {
      isStalled = true;
      bounds.onStall();
    }
    if (still >= bounds.killMs && !isGivenUp) {
      isGivenUp = true;
      bounds.onGivenUp();
    }
  }, bounds.stallMs / LOOKS);
  return () => clearInterval(timer);
}
