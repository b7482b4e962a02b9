/** Maps whose changes can be taken back to a mark: transactions in memory. */

export class UndoLog {
  readonly #steps: (() => void)[] = [];
  /** transactions under way, the outer ones included */
  #depth = 0;

  /** Runs `body`; when it throws, all that it changed is changed back. */
  transaction<T>(body: () => T): T {
    const mark = this.#steps.length;
    this.#depth++;
    try {
      return body();
    } catch (error) {
      while (this.#steps.length > mark) this.#steps.pop()?.();
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#steps.length = 0;
    }
  }

  /** Says how to take back a change that is about to be made. */
  add(step: () => void): void {
    if (this.#depth > 0) this.#steps.push(step);
  }
}

export class UndoMap<K, V> {
  readonly #map = new Map<K, V>();
  readonly #log: UndoLog;

  constructor(log: UndoLog) {
    this.#log = log;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    this.#remember(key);
    this.#map.set(key, value);
  }

  delete(key: K): void {
    this.#remember(key);
    this.#map.delete(key);
  }

  entries(): [K, V][] {
    return [...this.#map];
  }

  values(): V[] {
    return [...this.#map.values()];
  }

  #remember(key: K): void {
    const before = this.#map.get(key);
    this.#log.add(() => {
      if (before === undefined) this.#map.delete(key);
      else this.#map.set(key, before);
    });
  }
}
