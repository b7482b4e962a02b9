/** What systemd is told: readiness, reloads, the end, a line of status, and that the control loop is alive. */
export interface ServiceParts {
  /** sd_notify(3) */
  readonly notify: (state: string) => void;
  /** how often systemd wants to hear of the loop at the latest, ms; null = no watchdog */
  readonly watchdogMs: number | null;
  readonly statusLine: () => string;
}

const STATUS_MS = 5_000;

export class ServiceNotifier {
  readonly #parts: ServiceParts;
  readonly #timers: NodeJS.Timeout[] = [];
  #line = '';

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    if (parts.watchdogMs !== null) {
      this.#timers.push(setInterval(() => parts.notify('WATCHDOG=1'), parts.watchdogMs / 2));
    }
    this.#timers.push(setInterval(() => this.#status(), STATUS_MS));
  }

  ready(): void {
    this.#line = this.#parts.statusLine();
    this.#parts.notify(`READY=1\nSTATUS=${this.#line}`);
  }

  /** Followed by `ready` when the reload is over, whatever came of it. */
  reloading(): void {
    const micros = process.hrtime.bigint() / 1_000n;
    this.#parts.notify(`RELOADING=1\nMONOTONIC_USEC=${micros}`);
  }

  stopping(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#parts.notify('STOPPING=1\nSTATUS=finishing what is under way');
  }

  #status(): void {
    const line = this.#parts.statusLine();
    if (line === this.#line) return;
    this.#line = line;
    this.#parts.notify(`STATUS=${line}`);
  }
}
