/**
 * When so much is gone at once that a person is asked first: an empty mount and a mistyped rm look alike. As the engine
 * counts: regular files that one look finds gone, against those that are recorded.
 */
import type { Mapping } from '../../config/model.ts';
import type { HoldReason } from '../backend.ts';
import type { Difference } from './confirm.ts';

/** Fewer deletions than this are never held. */
const ALWAYS_ALLOWED = 100;

export interface Guard {
  /** a person has allowed the deletions, and csync2 was not told of them yet */
  readonly isApproved: boolean;
  /** what a person wants back: not sent until it is there again */
  readonly rejected: ReadonlySet<string>;
}

export const UNDECIDED: Guard = { isApproved: false, rejected: new Set() };

export interface Held {
  readonly deletions: number;
  /** that were recorded */
  readonly files: number;
}

export interface Judgement {
  /** what csync2 may be told of; when `isPartial`, nothing else (`exactChecks`) */
  readonly allowed: readonly Difference[];
  readonly isPartial: boolean;
  readonly held: Held | null;
  readonly guard: Guard;
}

export interface Judged {
  readonly differences: readonly Difference[];
  /** whether the whole tree was looked at; a decision counts for such a look */
  readonly isFull: boolean;
  /** regular files that are recorded */
  readonly files: number;
  readonly maxDeletePercent: number;
}

export function judge(guard: Guard, { differences, isFull, files, maxDeletePercent }: Judged): Judgement {
  const rejected = isFull ? stillGone(guard.rejected, differences) : guard.rejected;
  const wanted =
    rejected.size === 0 ? differences : differences.filter((one) => !removes(one) || !rejected.has(one.path));
  const deletions = deletedFiles(wanted);
  const most =
    maxDeletePercent >= 100 ? Infinity : Math.max(ALWAYS_ALLOWED, (files * maxDeletePercent) / 100);
  const isHeld = deletions > most && !(guard.isApproved && isFull);
  const allowed = isHeld ? wanted.filter((one) => !removes(one)) : wanted;
  return {
    allowed,
    isPartial: allowed.length < differences.length,
    held: isHeld ? { deletions, files } : null,
    guard: { ...guard, rejected },
  };
}

/** For an operator. */
export function holdReason(
  { deletions, files }: Held,
  { name, maxDeletePercent }: Pick<Mapping, 'name' | 'maxDeletePercent'>,
): HoldReason {
  return {
    code: 'mass-deletion',
    message: `${deletions} of ${files} files are gone from this disk, more than max_delete (${maxDeletePercent}%): the deletions are held, nothing is deleted elsewhere`,
    hint: `csyncd approve ${name} sends them, csyncd reject ${name} puts the files back`,
  };
}

/** Not counting those that were moved: csync2 records the same of a file (size, time, mode, owner) wherever it is. */
function deletedFiles(differences: readonly Difference[]): number {
  const came = new Map<string, number>();
  for (const { was, text } of differences) {
    if (was === null && text != null) came.set(text, (came.get(text) ?? 0) + 1);
  }
  let deletions = 0;
  for (const { was, is, text } of differences) {
    if (was !== 'file' || is !== null) continue;
    const moved = text == null ? 0 : (came.get(text) ?? 0);
    if (text != null && moved > 0) came.set(text, moved - 1);
    else deletions += 1;
  }
  return deletions;
}

/** For the next look at the whole tree. */
export function approve(): Guard {
  return { isApproved: true, rejected: new Set() };
}

/** @param differences of the look that was held */
export function reject(guard: Guard, differences: readonly Difference[]): Guard {
  const paths = differences.filter(removes).map(({ path }) => path);
  return { isApproved: false, rejected: new Set([...guard.rejected, ...paths]) };
}

/** csync2 has recorded what a look at the whole tree found: an approval is used up. */
export function recorded(guard: Guard): Guard {
  return { ...guard, isApproved: false };
}

/** Also what takes the place of a directory: it goes with the deletion of what was in it. */
function removes({ was, is }: Difference): boolean {
  return is === null || (was === 'dir' && is !== 'dir');
}

function stillGone(rejected: ReadonlySet<string>, differences: readonly Difference[]): ReadonlySet<string> {
  if (rejected.size === 0) return rejected;
  return new Set(differences.filter((one) => removes(one) && rejected.has(one.path)).map(({ path }) => path));
}
