/**
 * Differences that a look came across, seen once more. csync2 works on the same tree and table: a session of a peer puts
 * a file in place first and commits its row later, seconds later at worst. So a difference counts when the disk, then
 * the absence of open sessions, then the table were seen in this order and still differ.
 */
import { kindOf, type CheckedKind } from './checktxt.ts';
import { kindOfStat, type Candidate, type Comparison } from './comparison.ts';
import { Glances } from './glances.ts';
import { isTemporaryName, isWrittenByCsync2, type Csync2User, type Leftover } from './leftovers.ts';
import type { UnseenEdit } from './young-files.ts';

/** `was` = what csync2 has recorded, `is` = what is there; null = nothing. */
export interface Difference {
  readonly path: string;
  readonly was: CheckedKind | null;
  readonly is: CheckedKind | null;
  /** csync2's text of a regular file that came or went: the same when one was moved; null for all others */
  readonly text?: string | null;
}

export interface Settling {
  /** whether a session of a peer is open, or its rows may not be committed yet */
  readonly sessionsOpen: () => Promise<boolean>;
  /** wall clock, ns since 1970 */
  readonly now: () => bigint;
  readonly user: Csync2User | null;
}

export interface Confirmed {
  readonly differences: readonly Difference[];
  /**
   * Symlinks among them whose old and new target csync2's update takes for the same (`v1`, `v10`), so that it never sends
   * the new one: to be forced (`-f`) after the check.
   */
  readonly toForce: readonly string[];
  /** edits that csync2's check does not see: to be marked with `-m`, then given to YoungFiles.marked */
  readonly unseen: readonly UnseenEdit[];
  /** what a csync2 left that was killed: to be removed before a check comes across it */
  readonly leftovers: readonly Leftover[];
}

const NOTHING: Confirmed = { differences: [], toForce: [], unseen: [], leftovers: [] };
const MOST_ROUNDS = 5;
const CHUNK = 500;
/** csync2 commits after three seconds, unless it has to wait for others … */
const UNSETTLED_NS = 4_000_000_000n;
/** … and takes a moment from the disk to the table. */
const UNRECORDED_NS = 1_000_000_000n;
const TEMPORARY_NS = 2_000_000_000n;

interface Seen extends Candidate {
  /** of what is gone: when its directory changed last */
  readonly dirCtimeNs: bigint;
}

/** @param version the table's, from before the look */
export async function confirm(
  comparison: Comparison,
  version: number | null,
  { sessionsOpen, now, user }: Settling,
): Promise<Confirmed> {
  const { table } = comparison.tree;
  // Where nothing differs nobody need be asked.
  if (comparison.candidates.size === 0 && comparison.unseen.size === 0) return NOTHING;
  let seen: Seen[] = [];
  let before = version;
  let isOpen = false;
  let since: bigint | null = null;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    seen = await seeAgain(comparison, round > 0);
    isOpen = await sessionsOpen();
    since = table.uncommittedSince();
    const after = await table.version();
    if (after === before) break;
    if (round === MOST_ROUNDS - 1) isOpen = true;
    before = after;
  }
  const isUnsettled = (ns: bigint): boolean =>
    isOpen && (now() - ns < UNSETTLED_NS || (since !== null && ns > since - UNRECORDED_NS));
  const differences: Difference[] = [];
  const toForce: string[] = [];
  const leftovers: Leftover[] = [];
  for (const { path, found, recorded, dirCtimeNs } of seen) {
    const isNew = found?.stat.kind === 'file' && recorded === null;
    const isTemporary = isNew && isTemporaryName(path) && now() - found.stat.ctimeNs < TEMPORARY_NS;
    const isCsync2s = isNew && isWrittenByCsync2(path, found.stat, user);
    if (isUnsettled(found?.stat.ctimeNs ?? dirCtimeNs) || isTemporary || (isCsync2s && isOpen))
      comparison.again.set(path, { path, scope: found === null ? 'subtree' : 'entry' });
    else if (isCsync2s) leftovers.push({ path, ino: found.stat.ino, ctimeNs: found.stat.ctimeNs });
    else {
      const was = recorded === null ? null : kindOf(recorded);
      const is = found === null ? null : kindOfStat(found.stat);
      const text =
        was === null && is === 'file'
          ? (found?.text ?? null)
          : was === 'file' && is === null
            ? recorded
            : null;
      differences.push(text === null ? { path, was, is } : { path, was, is, text });
      if (found?.stat.kind === 'symlink' && recorded !== null && isTakenForEqual(found.text, recorded))
        toForce.push(path);
    }
  }
  const unseen: UnseenEdit[] = [];
  for (const { path, mtimeNs, ino, ctimeNs } of comparison.unseen.values()) {
    if (isUnsettled(ctimeNs)) comparison.again.set(path, { path, scope: 'entry' });
    else unseen.push({ path, mtimeNs, ino });
  }
  return { differences, toForce, unseen, leftovers };
}

/**
 * The disk anew: always of what is gone, for a name that is renamed while its directory is listed may be missing there;
 * of the rest, and of the table, when `all`.
 */
async function seeAgain(comparison: Comparison, all: boolean): Promise<Seen[]> {
  const candidates = [...comparison.candidates.values()];
  const seen: Seen[] = [];
  const glances = new Glances(comparison);
  try {
    for (let at = 0; at < candidates.length; at += CHUNK) {
      const chunk = candidates.slice(at, at + CHUNK);
      const names = all ? chunk.map(({ path }) => comparison.nameOf(path)) : [];
      const texts = await comparison.tree.table.texts(names);
      for (const candidate of chunk) {
        if (comparison.slices.isOver) await comparison.slices.rest();
        const { path } = candidate;
        const recorded = all ? (texts.get(comparison.nameOf(path)) ?? null) : candidate.recorded;
        if (candidate.found !== null && !all) {
          seen.push({ ...candidate, dirCtimeNs: 0n });
          continue;
        }
        const { found, dirCtimeNs } = glances.at(path);
        if (found === 'unknown') continue;
        // There again, or only now: what is below it was not looked at.
        if ((found === null) !== (candidate.found === null))
          comparison.again.set(path, { path, scope: 'subtree' });
        else if (found?.text !== (recorded ?? undefined)) seen.push({ path, found, recorded, dirCtimeNs });
      }
    }
  } finally {
    glances.close();
  }
  return seen;
}

/** csync2's update compares texts up to the end of the shorter one; of files it compares the content besides. */
function isTakenForEqual(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
