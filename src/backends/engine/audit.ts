/** The audit trail: every change with its author and result; logged, kept in the store, and told to whoever follows. */
import type { Logger } from '../../util/log.ts';
import { bytesToText } from '../../util/bytes.ts';
import { messageOf } from '../../util/errors.ts';
import type { AuditEvent, Store } from './store/store.ts';

/** Events are stored together after this many ms. */
const GATHER = 200;
/** ms after which it is tried again, when the store did not take them */
const AGAIN = 5_000;
/** Kept for a store that takes none; beyond it the oldest are in the log only. */
const MOST_GATHERED = 10_000;
const KEEP_MS = 30 * 24 * 3600 * 1000;
const KEEP_AT_MOST = 200_000;

/** Other events are changes: one line each. A path that is blocked is retried, and shown by status. */
const LEVELS: Readonly<Record<string, 'debug' | 'warn'>> = {
  blocked: 'debug',
  held: 'debug',
  'disk-trouble': 'warn',
};

export class Audit {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #listeners = new Set<(event: AuditEvent) => void>();
  #gathered: AuditEvent[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  add(event: AuditEvent): void {
    this.#gathered.push(event);
    this.#timer ??= setTimeout(() => this.flush(), GATHER);
    const { group, mapping, node, result } = event;
    const line = { group, mapping, path: bytesToText(event.path), node, result };
    this.#log[LEVELS[event.what] ?? 'info'](line, event.what);
    for (const listener of this.#listeners) listener(event);
  }

  /** Oldest first, from a time (ms) on; the newest `limit` when there are more. */
  since(time: number, limit: number): readonly AuditEvent[] {
    this.flush();
    const waiting = this.#gathered.filter((event) => event.time >= time);
    return [...this.#store.events(time, limit), ...waiting].slice(-limit);
  }

  subscribe(listener: (event: AuditEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#gathered.length === 0) return;
    try {
      this.#store.addEvents(this.#gathered);
      this.#gathered = [];
    } catch (error) {
      // Whoever made the changes finds the same fault, and tells of it.
      this.#log.debug(`events could not be stored: ${messageOf(error)}`);
      this.#gathered = this.#gathered.slice(-MOST_GATHERED);
      this.#timer = setTimeout(() => this.flush(), AGAIN);
    }
  }

  stop(): void {
    this.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  prune(now: number): void {
    this.#store.pruneEvents(now - KEEP_MS, KEEP_AT_MOST);
  }
}
