import { setTimeout as pause } from 'node:timers/promises';

/** How long anything in a cluster may take on a loaded machine, ms: hitting it means that it never comes. */
export const BOUND_MS = Number(process.env['CSYNCD_BOUND_MS'] ?? 120_000);

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/**
 * Asks again and again until `condition` gives something other than false, null or undefined, and returns it. After
 * `boundMs` it throws; what it says comes from `explain` or from the last error that the condition threw.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  options: { readonly boundMs?: number; readonly explain?: () => string } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const boundMs = options.boundMs ?? BOUND_MS;
  const end = performance.now() + boundMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const result = await condition();
    if (result !== false && result !== null && result !== undefined) {
      return result as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${boundMs / 1000} s: ${what}\n${options.explain?.() ?? ''}`);
    }
    await pause(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5);
  }
}
