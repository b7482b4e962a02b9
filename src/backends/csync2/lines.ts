/** Far longer than any message with a path in it: what exceeds it is content that csync2 prints at high verbosity. */
const LONGEST = 32_768;

/** Cuts what a program prints into lines, byte strings without the line break; the rest of an overlong line is dropped. */
export class Lines {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LONGEST);
    for (const line of lines) this.#onLine(line.slice(0, LONGEST));
  }

  /** The program ended; a last line without its line break counts. */
  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}
