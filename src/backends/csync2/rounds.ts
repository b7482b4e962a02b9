/** Work that is done every so often and when it is asked for: never twice at once, and once more when asked for meanwhile. */
export class Rounds {
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  #isDue = false;
  #isStopped = false;
  #underWay: Promise<void> | null = null;

  /** @param work never rejects */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  start(everyMs: number): void {
    if (!this.#isStopped) this.#timer = setInterval(() => this.ask(), everyMs);
  }

  ask(): void {
    if (this.#isStopped) return;
    this.#isDue = true;
    this.#underWay ??= this.#untilDone().finally(() => {
      this.#underWay = null;
    });
  }

  /** Resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#underWay;
  }

  async #untilDone(): Promise<void> {
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      await this.#work();
    }
  }
}
