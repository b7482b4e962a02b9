/** The store in memory: for the simulator, and as the model that the SQLite one is compared with. */
import { randomUUID } from 'node:crypto';
import { MemoryMapping } from './memory-mapping.ts';
import type { AuditEvent, MappingStore, Store } from './store.ts';
import { UndoLog, UndoMap } from './undo.ts';

export class MemoryStore implements Store {
  readonly #newId: () => string;
  readonly #log = new UndoLog();
  readonly #meta = new UndoMap<string, string>(this.#log);
  readonly #events = new UndoMap<number, AuditEvent>(this.#log);
  readonly #mappings = new Map<string, MemoryMapping>();
  #lastEvent = 0;

  /** `newId` makes table identities: the simulator has one of its own, so that its runs can be repeated. */
  constructor(newId: () => string = randomUUID) {
    this.#newId = newId;
    this.newTableId();
  }

  get tableId(): string {
    return this.get('table_id') ?? '';
  }

  newTableId(): void {
    this.set('table_id', this.#newId());
  }

  transaction<T>(body: () => T extends Promise<unknown> ? never : T): T {
    return this.#log.transaction<T>(body);
  }

  mapping(group: string, name: string): MappingStore {
    const key = `${group}/${name}`;
    const known = this.#mappings.get(key);
    if (known !== undefined) return known;
    const mapping = new MemoryMapping(this.#log, group, name);
    this.#mappings.set(key, mapping);
    return mapping;
  }

  get(key: string): string | null {
    return this.#meta.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#meta.set(key, value);
  }

  addEvents(events: readonly AuditEvent[]): void {
    for (const event of events) this.#events.set(++this.#lastEvent, event);
  }

  events(since: number, limit: number): AuditEvent[] {
    const wanted = this.#events.entries().filter(([, event]) => event.time >= since);
    const ordered = wanted.sort(([a, { time: s }], [b, { time: t }]) => s - t || a - b);
    return ordered.slice(Math.max(0, ordered.length - limit)).map(([, event]) => event);
  }

  pruneEvents(before: number, keepAtMost: number): void {
    for (const [id, event] of this.#events.entries()) if (event.time < before) this.#events.delete(id);
    const ids = this.#events.entries().map(([id]) => id);
    const surplus = ids.sort((a, b) => b - a).slice(keepAtMost);
    for (const id of surplus) this.#events.delete(id);
  }

  rest(): void {}

  close(): void {}
}
