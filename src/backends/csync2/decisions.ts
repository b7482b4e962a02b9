/** What a person decides about a group that csync2 serves. */
import { shownPath } from '../../util/bytes.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { Conflict } from '../backend.ts';
import type { GroupRun } from './group-run.ts';
import type { Csync2Mapping } from './mapping.ts';
import { conflictsOf } from './standing.ts';
import { takeOver } from './take-over.ts';
import { versionsOf } from './versions.ts';

/** For what must be done to its end, however long the person waits for it. */
const unlimited = new AbortController().signal;

export async function decideHeld(
  run: GroupRun,
  mapping: Csync2Mapping,
  decision: 'approve' | 'reject',
): Promise<void> {
  if (decision === 'approve') mapping.approve();
  else {
    // What is held is known exactly from a look at everything.
    await mapping.look(null, unlimited);
    await fetchAgain(run, mapping, mapping.reject());
  }
  run.audit(mapping, '', decision === 'approve' ? 'approved' : 'rejected', 'deletions that were held');
}

/** @returns how many edits of this receiver are taken back */
export async function revertEdits(
  run: GroupRun,
  mapping: Csync2Mapping,
  signal: AbortSignal,
): Promise<number> {
  const { receiveOnly, mapping: settings } = mapping.parts;
  if (!receiveOnly) {
    throw new CsyncdError(
      'not-receiving',
      `this node also writes ${settings.name}: its own edits are sent, there is nothing to revert`,
    );
  }
  await mapping.look(null, signal);
  const edits = await run.localEdits.find(mapping);
  await fetchAgain(run, mapping, edits);
  return edits.length;
}

export async function listConflicts(run: GroupRun): Promise<Conflict[]> {
  const conflicts: Conflict[] = [];
  for (const { mapping, path, since } of run.mappings.flatMap((one) => conflictsOf(run, one))) {
    conflicts.push({
      group: run.group.name,
      mapping: mapping.parts.mapping.name,
      ...shownPath(path),
      since: new Date(since).toISOString(),
      versions: await versionsOf(run, mapping, path),
    });
  }
  return conflicts;
}

/** @param path also a directory, for all that is below it */
export async function resolveConflict(
  run: GroupRun,
  mapping: Csync2Mapping,
  path: string,
  keep: string,
): Promise<void> {
  const winner = keep === 'newest' ? await newest(run, mapping, path) : keep;
  const isBelow = (other: string): boolean => path === '' || other === path || other.startsWith(`${path}/`);
  const found = conflictsOf(run, mapping).flatMap((conflict) =>
    isBelow(conflict.path) ? [conflict.path] : [],
  );
  const names = (found.length === 0 ? [path] : found).map((one) => mapping.nameOf(one));
  if (winner === run.node) {
    run.decided.ours(mapping, names, run.others);
    await mapping.force(names, unlimited);
  } else {
    run.decided.theirs(mapping, names);
    const losers = run.others.filter(({ node }) => node !== winner).map(({ host }) => host);
    await takeOver(mapping, { winner: run.peer(winner).host, losers }, names, unlimited);
  }
  run.troubles.forget(new Set(names));
  run.meetings.decided(mapping, new Set(names));
  run.sending.hurry();
  run.audit(mapping, path, 'resolved', `keeps ${winner}'s version`);
}

async function newest(run: GroupRun, mapping: Csync2Mapping, path: string): Promise<string> {
  const versions = await versionsOf(run, mapping, path);
  return versions.toSorted((a, b) => (a.time < b.time ? 1 : -1))[0]?.node ?? run.node;
}

/** Has a peer send these again, the first that can be asked. */
async function fetchAgain(run: GroupRun, mapping: Csync2Mapping, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const names = paths.map((path) => mapping.nameOf(path));
  let cause: unknown = null;
  for (const { host } of run.senders) {
    try {
      return await takeOver(mapping, { winner: host, losers: [] }, names, unlimited);
    } catch (error) {
      cause = error;
    }
  }
  throw new CsyncdError('no-peer', 'no node can be asked to send them again', {
    hint: 'csyncd status shows which peers are reached; try again then',
    cause,
  });
}
