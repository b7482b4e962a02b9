/** Events on their way to the intake: worked off in slices, so that signs of life and other events pass in between. */

const SLICE_MS = 10;
const LIMIT = 200_000;

export class EventQueue<Event> {
  readonly #take: (event: Event) => void;
  readonly #onFull: () => void;
  #events: Event[] = [];
  #next = 0;
  #open = false;
  #working = false;

  /** @param onFull so many are waiting that they were dropped */
  constructor(take: (event: Event) => void, onFull: () => void) {
    this.#take = take;
    this.#onFull = onFull;
  }

  push(event: Event): void {
    if (this.#events.length - this.#next >= LIMIT) {
      this.#events = [];
      this.#next = 0;
      this.#onFull();
    }
    this.#events.push(event);
    if (this.#open && !this.#working) this.#work();
  }

  /** From now on events are taken; those that were pushed before, first. */
  open(): void {
    this.#open = true;
    if (!this.#working) this.#work();
  }

  #work(): void {
    this.#working = true;
    const end = performance.now() + SLICE_MS;
    for (let event = this.#shift(); event !== undefined; event = this.#shift()) {
      this.#take(event);
      if (performance.now() < end) continue;
      setImmediate(() => this.#work());
      return;
    }
    this.#working = false;
  }

  #shift(): Event | undefined {
    const event = this.#events[this.#next];
    if (event === undefined) {
      this.#events = [];
      this.#next = 0;
      return undefined;
    }
    this.#next += 1;
    return event;
  }
}
