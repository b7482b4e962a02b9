/**
 * Exponential back-off with jitter: attempt 0 waits about `firstMs`, each further one twice as long, never more than
 * `maxMs`. Half of the wait is random, so that nodes that failed together do not try again together.
 *
 * @param random in [0, 1)
 * @returns ms
 */
export function backoffMs(
  attempt: number,
  limits: { firstMs: number; maxMs: number },
  random: number,
): number {
  const full = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(attempt, 30));
  return full * (0.5 + random / 2);
}
