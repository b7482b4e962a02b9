/** One run of a scan, and what it found that is judged at its end. */
import type { RelPath } from '../core/types.ts';
import type { Look, Observation } from '../scan/observation.ts';
import { parentOf } from './table.ts';

/** How what is gone is judged: held when it is too much, or as a person decided. */
export type Verdict = 'guard' | 'approved' | 'rejected';

/** What is gone, or a directory's place taken by something else: then what was in it is gone too. */
export type Removal = Extract<Observation, { kind: 'gone' | 'present' }>;

export class LookJob {
  readonly looks: readonly Look[];
  readonly #entries: ReadonlySet<RelPath>;
  /** looks at more than one name: few */
  readonly #wide: readonly Look[];
  readonly reread: boolean;
  readonly verdict: Verdict;
  readonly removals: Removal[] = [];
  /** files that are gone, also those that are not remembered because the job is held anyway */
  goneFiles = 0;
  /** local edits found */
  changed = 0;
  /** paths of which this scan said that they cannot be read, or not yet */
  readonly unread = new Set<RelPath>();
  /** paths whose observation came while they were being worked on, or was out of date */
  readonly again = new Set<RelPath>();

  /** @param reread all content is read again, whatever the stat identity says */
  constructor(looks: readonly Look[], reread = false, verdict: Verdict = 'guard') {
    this.looks = looks;
    this.reread = reread;
    this.verdict = verdict;
    this.#entries = new Set(looks.filter(({ scope }) => scope !== 'children').map(({ path }) => path));
    this.#wide = looks.filter(({ scope }) => scope !== 'entry');
  }

  /** Whether the scan looked at this path. */
  covers(path: RelPath): boolean {
    if (this.#entries.has(path)) return true;
    return this.#wide.some((look) => {
      if (look.scope === 'subtree') return look.path === '' || path.startsWith(`${look.path}/`);
      return look.scope === 'children' && parentOf(path) === look.path;
    });
  }

  get isFull(): boolean {
    return isFull(this.looks);
  }
}

/** Whether this is a look at the whole tree. */
export function isFull(looks: readonly Look[]): boolean {
  return looks.some((look) => look.path === '' && look.scope === 'subtree');
}
