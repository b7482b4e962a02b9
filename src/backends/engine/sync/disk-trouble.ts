/** A disk that takes nothing: full, over quota, read-only. It is tried again after a while, and an operator is told. */
import type { Shared } from './shared.ts';

/** ms */
const PAUSE = 5000;
const CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

export function isDiskTrouble(code: string): boolean {
  return CODES.has(code);
}

export class DiskTrouble {
  readonly #shared: Shared;
  /** the last reason why nothing could be written; null when it can */
  problem: { readonly code: string; readonly message: string } | null = null;
  /** nothing is tried before, ms since 1970; null when it may be */
  pausedUntil: number | null = null;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  failed(code: string, message: string): void {
    const { effects, settings } = this.#shared;
    const now = effects.now();
    if (this.problem === null)
      effects.audit({ time: now, path: '', what: 'disk-trouble', node: settings.node, result: message });
    this.problem = { code, message };
    this.pausedUntil = now + PAUSE;
  }

  /** Whether it is not yet to be tried again. */
  isPaused(now: number): boolean {
    if (this.pausedUntil !== null && this.pausedUntil > now) return true;
    this.pausedUntil = null;
    return false;
  }

  /** Something was written, or nothing is left to write. What else was done while the disk was full proves nothing. */
  passed(): void {
    if (this.pausedUntil === null) this.problem = null;
  }
}
