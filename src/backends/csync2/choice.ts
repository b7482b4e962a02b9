/**
 * Which of two versions wins where two nodes meet whose tables differ: csync2 itself decides only where both were changed
 * since they last agreed, and before the first time they never did.
 */
import type { Auto } from '../../config/model.ts';
import { numberIn } from './checktxt.ts';

export interface Version {
  /** csync2's text of it (`v1:mtime=…:mode=…`) */
  readonly checktxt: string;
  /** its host is listed before the other's */
  readonly isFirst: boolean;
}

/** null: a person must choose. A tie goes to the host that is listed first, as nothing else is the same on both. */
export function chooseVersion(auto: Auto, ours: Version, theirs: Version): 'ours' | 'theirs' | null {
  if (auto === 'none' || auto === 'keep-both') return null;
  const listed = ours.isFirst ? 'ours' : 'theirs';
  switch (auto) {
    case 'first':
    case 'left':
      return listed;
    case 'right':
      return ours.isFirst ? 'theirs' : 'ours';
    case 'younger':
    case 'older': {
      const difference = numberIn(ours.checktxt, 'mtime') - numberIn(theirs.checktxt, 'mtime');
      return decide(auto === 'younger' ? difference : -difference, listed);
    }
    case 'bigger':
    case 'smaller': {
      const difference = numberIn(ours.checktxt, 'size') - numberIn(theirs.checktxt, 'size');
      return decide(auto === 'bigger' ? difference : -difference, listed);
    }
    default:
      return auto satisfies never;
  }
}

function decide(difference: number, tie: 'ours' | 'theirs'): 'ours' | 'theirs' {
  if (difference === 0) return tie;
  return difference > 0 ? 'ours' : 'theirs';
}
