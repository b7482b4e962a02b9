/** What a store would believe, in a map. */
import type { Applied, Identity, RelPath } from '../../src/backends/engine/core/types.ts';
import type { BeliefReader, Believed, Observation } from '../../src/backends/engine/scan/observation.ts';
import { nameOf, parentOf } from '../../src/backends/engine/scan/paths.ts';

export function identitiesOf(children: Iterable<Believed>): Map<string, Identity | null> {
  return new Map(Array.from(children, ({ path, applied }) => [nameOf(path), applied?.identity ?? null]));
}

export class Beliefs implements BeliefReader {
  readonly rows = new Map<RelPath, Applied>();

  get(path: RelPath): Believed | null {
    const applied = this.rows.get(path);
    return applied === undefined ? null : { path, applied };
  }

  children(dir: RelPath): Believed[] {
    const found: Believed[] = [];
    for (const [path, applied] of this.rows)
      if (path !== '' && parentOf(path) === dir && applied.value.kind !== 'absent')
        found.push({ path, applied });
    return found;
  }

  identities(dir: RelPath): Map<string, Identity | null> {
    return identitiesOf(this.children(dir));
  }

  /** As the control loop does with observations that are not stale; returns the stale ones. */
  accept(observations: readonly Observation[]): Observation[] {
    const stale: Observation[] = [];
    for (const seen of observations) {
      if ((this.rows.get(seen.path)?.identity ?? null) !== seen.base) stale.push(seen);
      else if (seen.kind === 'gone') this.rows.delete(seen.path);
      else if (seen.kind === 'present')
        this.rows.set(seen.path, { value: seen.value, dots: [], identity: seen.identity });
    }
    return stale;
  }
}
