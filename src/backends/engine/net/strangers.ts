import type { LinkProblem, NetworkEvents } from './link.ts';

const QUIET_MS = 60_000;
const MAX_ADDRESSES = 1000;

/** Reports who was refused without being a peer, one line a minute and address: a port scan must not fill the log. */
export class Strangers {
  readonly #events: Pick<NetworkEvents, 'stranger'>;
  readonly #seen = new Map<string, number>();

  constructor(events: Pick<NetworkEvents, 'stranger'>) {
    this.#events = events;
  }

  /** @param at `host:port`; the port is another one each time */
  report(at: string, problem: LinkProblem): void {
    const key = `${at.slice(0, at.lastIndexOf(':'))} ${problem.code}`;
    const now = performance.now();
    const last = this.#seen.get(key);
    if (last !== undefined && now - last < QUIET_MS) return;
    this.#seen.delete(key);
    this.#seen.set(key, now);
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined && this.#seen.size > MAX_ADDRESSES) this.#seen.delete(oldest);
    this.#events.stranger(at, problem);
  }
}
