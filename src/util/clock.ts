/** Time and chance, so that tests decide both. */
export interface Clock {
  /** ms since 1970 */
  now(): number;
  /** in [0, 1) */
  random(): number;
  /** Calls `run` once after `ms`; the result takes it back. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
