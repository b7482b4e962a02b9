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
  for (const mapping of run.mappings) {
    const found = conflictsOf(run, mapping);
    const versions = await versionsOf(
      run,
      mapping,
      found.map(({ path }) => path),
    );
    for (const [at, { path, since }] of found.entries()) {
      conflicts.push({
        group: run.group.name,
        mapping: mapping.parts.mapping.name,
        ...shownPath(path),
        since: new Date(since).toISOString(),
        versions: versions[at] ?? [],
      });
    }
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
  const isBelow = (other: string): boolean => path === '' || other === path || other.startsWith(`${path}/`);
  const found = conflictsOf(run, mapping).flatMap((conflict) =>
    isBelow(conflict.path) ? [conflict.path] : [],
  );
  const paths = found.length === 0 ? [path] : found;
  const winners = keep === 'newest' ? await newest(run, mapping, paths) : new Map([[keep, paths]]);
  for (const [winner, those] of winners) {
    const names = those.map((one) => mapping.nameOf(one));
    if (winner === run.node) {
      run.decided.ours(mapping, names, run.others);
      await mapping.force(names, unlimited);
    } else {
      run.decided.theirs(mapping, names);
      const losers = run.others.filter(({ node }) => node !== winner).map(({ host }) => host);
      const onGiveUp = (): Promise<void> => run.decided.givenUp.begin(mapping, winner, names, unlimited);
      await takeOver(mapping, { winner: run.peer(winner).host, losers, onGiveUp }, names, unlimited);
    }
    run.troubles.forget(new Set(names));
    run.meetings.decided(mapping, new Set(names));
    run.audit(mapping, path, 'resolved', `keeps ${winner}'s version`);
  }
  run.sending.hurry();
}

/** The paths by the node that has the newest version. */
async function newest(
  run: GroupRun,
  mapping: Csync2Mapping,
  paths: readonly string[],
): Promise<Map<string, string[]>> {
  const versions = await versionsOf(run, mapping, paths);
  return Map.groupBy(paths, (_, at) => {
    const [first] = (versions[at] ?? []).toSorted((a, b) => (a.time < b.time ? 1 : -1));
    return first?.node ?? run.node;
  });
}

/** Has a peer send these again, the first that can be asked. */
async function fetchAgain(run: GroupRun, mapping: Csync2Mapping, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const names = paths.map((path) => mapping.nameOf(path));
  let cause: unknown = null;
  for (const { node, host } of run.senders) {
    const onGiveUp = (): Promise<void> => run.decided.givenUp.begin(mapping, node, names, unlimited);
    try {
      return await takeOver(mapping, { winner: host, losers: [], onGiveUp }, names, unlimited);
    } catch (error) {
      cause = error;
    }
  }
  throw new CsyncdError('no-peer', 'no node can be asked to send them again', {
    hint: 'csyncd status shows which peers are reached; try again then',
    cause,
  });
}
