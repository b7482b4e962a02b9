/**
 * Tells a restarted daemon from two that run under one name at the same time (a copied machine): a run that was followed
 * by another one and is alive again was never over. Both are refused from then on; a fresh start of one of them is a new run.
 */
const REMEMBERED = 64;

export class Runs {
  #current: string | null = null;
  #past: string[] = [];
  #cloned: string[] = [];

  /** Whether this run is known to be one of two. */
  isCloned(run: string): boolean {
    return this.#cloned.includes(run);
  }

  /** A run that has proved to be alive. `clone` when it was followed by another before. */
  alive(run: string): 'ok' | 'clone' {
    if (this.isCloned(run)) return 'clone';
    if (this.#past.includes(run)) {
      this.#cloned = remember(this.#cloned, run, this.#current ?? run);
      return 'clone';
    }
    if (this.#current !== null && this.#current !== run) this.#past = remember(this.#past, this.#current);
    this.#current = run;
    return 'ok';
  }
}

function remember(list: readonly string[], ...more: string[]): string[] {
  return [...list, ...more].slice(-REMEMBERED);
}
