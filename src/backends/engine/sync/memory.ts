/** What a replica holds in memory; all of it can be made from the store, at the start and after a failure. */
import { NamedFailures } from './acknowledging.ts';
import { Applying } from './applying.ts';
import { Exchange } from './exchange.ts';
import { Looking } from './looking.ts';
import { Shared, type ReplicaParts } from './shared.ts';

export interface Memory {
  readonly shared: Shared;
  readonly exchange: Exchange;
  readonly applying: Applying;
  readonly looking: Looking;
}

/** @param acknowledged a peer acknowledged more */
export function remember(parts: ReplicaParts, acknowledged: () => void): Memory {
  const shared = new Shared(parts, (row) => applying.pending(row));
  const failures = new NamedFailures(shared);
  const exchange = new Exchange(shared, {
    joined: (updates, sender) => applying.joined(updates, sender),
    failures: () => failures.now(),
    acknowledged,
  });
  const applying = new Applying(shared, () => exchange.openPeers());
  const looking = new Looking(shared, {
    isChanging: (path) => applying.isChanging(path),
    recovered: (stored, now) => applying.found(stored, now),
  });
  return { shared, exchange, applying, looking };
}
