/**
 * Whether peers' csync2 are at work here, whoever runs the listener: connections to csync2's port in this process's
 * network namespace.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const FILES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Each look costs milliseconds: the kernel goes through its whole table of connections. */
const POLL = { firstMs: 25, mostMs: 250 };
/** ESTABLISHED, and CLOSE_WAIT: the peer is gone, and the session here still has to commit what it did. */
const OPEN_STATES = new Set(['01', '08']);

/** Connections that others have opened to a local port, in the text of /proc/net/tcp or tcp6. */
export function sessionsIn(text: string, port: number): number {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  let count = 0;
  for (const line of text.split('\n')) {
    const [, local = '', , state = ''] = line.trim().split(/\s+/);
    if (OPEN_STATES.has(state) && local.slice(local.lastIndexOf(':') + 1) === wanted) count++;
  }
  return count;
}

export class Incoming {
  readonly #port: number;
  readonly #files: readonly string[];

  /** @param files others than the kernel's, for tests */
  constructor(port: number, files: readonly string[] = FILES) {
    this.#port = port;
    this.#files = files;
  }

  async isOpen(): Promise<boolean> {
    const texts = await Promise.all(this.#files.map((file) => readFile(file, 'latin1').catch(() => '')));
    return texts.some((text) => sessionsIn(text, this.#port) > 0);
  }

  /** Resolves to whether none was open at last, after `boundMs` at the latest. Rejects when aborted. */
  async quiet(boundMs: number, signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + boundMs;
    for (let wait = POLL.firstMs; ; wait = Math.min(2 * wait, POLL.mostMs)) {
      signal.throwIfAborted();
      if (!(await this.isOpen())) return true;
      const left = end - performance.now();
      if (left <= 0) return false;
      await sleep(Math.min(wait, left), undefined, { signal });
    }
  }
}
