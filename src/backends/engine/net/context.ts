import type { Local } from './handshake.ts';
import type { NetworkEvents } from './link.ts';
import type { Rates } from './peer-link.ts';
import type { Strangers } from './strangers.ts';

export interface Timing {
  /** from the first byte to a link, ms */
  readonly handshakeMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** connections that have not proved anything yet, at most */
  readonly maxPending: number;
}

export const TIMING: Timing = { handshakeMs: 10_000, firstRetryMs: 200, maxRetryMs: 10_000, maxPending: 256 };

/** What all parts of one network share; `local` is replaced by a reload. */
export interface Context {
  local: Local;
  readonly rates: Rates;
  readonly events: NetworkEvents;
  readonly strangers: Strangers;
  readonly timing: Timing;
}
