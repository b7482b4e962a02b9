/** The log of a mapping's life: one line a change, none a retry and none a rescan. */
import type { HoldReason } from '../backends/backend.ts';
import { assertNever } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import type { Life } from './life.ts';

/**
 * @param told what was told last, as this function returned it; '' at first
 * @returns what is told now
 */
export function tellLife(log: Logger, told: string, life: Life): string {
  switch (life.kind) {
    // On the way to something that will be told.
    case 'starting':
    case 'scanning':
      return told;
    case 'live':
    case 'paused':
      if (told !== life.kind) log.info(life.kind);
      return life.kind;
    case 'held':
    case 'missing':
      return trouble(life.reason, 'warn');
    case 'failed':
      // The daemon's last line says it.
      if (life.failure.disposition === 'fatal') return told;
      return trouble(life.failure.reason, 'error');
    default:
      return assertNever(life);
  }

  function trouble({ code, message, hint }: HoldReason, level: 'warn' | 'error'): string {
    const telling = `${life.kind} ${code}`;
    if (told !== telling) log[level]({ code, hint }, message);
    return telling;
  }
}
