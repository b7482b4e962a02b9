/** What an operator asks and decides about single paths: conflicts, backups, reverts. */
import { bytesToText, shownPath } from '../../../util/bytes.ts';
import { CsyncdError } from '../../../util/errors.ts';
import type { BackupEntry, Conflict, Explanation } from '../../backend.ts';
import { isConflict } from '../core/policy.ts';
import { edit, resolve } from '../core/row.ts';
import type { RelPath } from '../core/types.ts';
import { ABSENT, isLive, sizeOf } from '../core/value.ts';
import type { StoredRow } from '../store/store.ts';
import { pagesOf } from './every-row.ts';
import { LOCAL_EDIT } from './receiving.ts';
import type { Replica } from './replica.ts';
import type { Shared } from './shared.ts';
import { chooseVersion, describeVersion, versionId } from './versions.ts';

const MOST_LISTED = 10_000;

export function describeConflicts(replica: Replica): Conflict[] {
  const { rows, settings } = replica.shared;
  return rows
    .troubled(null, MOST_LISTED)
    .filter((row) => isConflict(row.row))
    .map((row) => ({
      group: settings.group,
      mapping: settings.mapping,
      ...shownPath(row.path),
      since: new Date(Math.max(...row.row.siblings.map((sibling) => sibling.dot.counter))).toISOString(),
      versions: row.row.siblings.map(describeVersion),
    }));
}

/** A new version that covers every other one; its content is fetched from whoever has it. */
export function resolveConflict(replica: Replica, path: RelPath, keep: string): void {
  const { shared } = replica;
  refuseReceiver(replica, 'resolve');
  const stored = shared.table.get(path);
  if (!isConflict(stored.row)) throw new CsyncdError('no-conflict', `${bytesToText(path)} has no conflict`);
  const chosen = chooseVersion(stored.row.siblings, keep);
  if (chosen === null) {
    const known = stored.row.siblings.map((sibling) => versionId(sibling.dot)).join(', ');
    throw new CsyncdError('unknown-version', `${bytesToText(path)} has no version of ${keep}`, {
      hint: `its versions are ${known}; a node's name or \`newest\` will do too`,
    });
  }
  shared.transact(() => {
    shared.table.setRow(stored, resolve(stored.row, shared.nextDot(), chosen.value));
  });
  const { node } = shared.settings;
  shared.effects.audit({
    time: shared.effects.now(),
    path,
    what: 'resolved',
    node,
    result: `keeps ${versionId(chosen.dot)}`,
  });
  shared.effects.wake();
}

export function listBackups(replica: Replica, path: RelPath | null): BackupEntry[] {
  const { rows, settings } = replica.shared;
  const entries: BackupEntry[] = [];
  for (const backup of rows.backups(null)) {
    if (path !== null && path !== '' && backup.path !== path && !backup.path.startsWith(`${path}/`)) continue;
    entries.push({
      mapping: settings.mapping,
      ...shownPath(backup.path),
      version: backup.id,
      time: new Date(backup.time).toISOString(),
      size: sizeOf(backup.value),
      node: backup.node,
      reason: backup.reason,
    });
  }
  return entries;
}

/** The backup's version as an ordinary new edit of this node. */
export function restoreBackup(replica: Replica, path: RelPath, version: string): void {
  const { shared } = replica;
  refuseReceiver(replica, 'restore');
  const backup = [...shared.rows.backups(path)].find((one) => one.id === version);
  if (backup === undefined) {
    throw new CsyncdError(
      'unknown-version',
      `there is no backup ${version} of ${bytesToText(path)} on this node`,
      { hint: `csyncd backups list ${shared.settings.mapping}:${bytesToText(path)}` },
    );
  }
  const stored = shared.table.get(path);
  const want = shared.table.wanted(stored);
  shared.transact(() => {
    const shown = want.kind === 'value' ? want.dots : (stored.applied?.dots ?? []);
    shared.table.setRow(stored, edit(stored.row, shown, shared.nextDot(), backup.value));
  });
  shared.effects.audit({
    time: shared.effects.now(),
    path,
    what: 'restored',
    node: shared.settings.node,
    result: `version ${version}`,
  });
  shared.effects.wake();
}

/**
 * Puts the cluster's state back over this receive node's own edits; returns how many. Refused before any peer has told
 * what that state is: all that is here would count as this node's own.
 */
export async function revertEdits(replica: Replica): Promise<number> {
  const { shared } = replica;
  refuseUntold(shared);
  let reverted = 0;
  for (const page of pagesOf((after, limit) => shared.rows.blocked(after, limit))) {
    const edits = page.filter((row) => row.blocked?.code === LOCAL_EDIT);
    shared.transact(() => {
      for (const row of edits) shared.table.setBlocked(row, null);
    });
    reverted += edits.length;
    shared.effects.wake();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return reverted;
}

function refuseUntold({ rows, settings }: Shared): void {
  if (settings.hosts.some((host) => (rows.progress(host)?.theirSeq ?? 0) > 0)) return;
  throw new CsyncdError(
    'cluster-unknown',
    `no other node has told ${settings.node} yet what ${settings.mapping} is to hold: nothing is reverted`,
    { hint: 'try again when `csyncd status` shows a node that writes as ok' },
  );
}

export function explainPath(replica: Replica, path: RelPath): Explanation {
  const stored = replica.shared.rows.get(path);
  const unread = replica.looking.hot.get(path);
  const problem = unread === undefined ? (stored?.blocked?.message ?? null) : unread.message;
  if (path === '') return { state: 'root', versions: [], applied: null, problem };
  if (stored === null) return { state: 'unknown', versions: [], applied: null, problem };
  return {
    state: unread?.code === 'corrupt' ? 'corrupt' : stateOf(replica, stored),
    versions: stored.row.siblings.map(describeVersion),
    // Without a dot it is a local edit of a node that only receives: nobody's version.
    applied: stored.applied?.dots.map(versionId).join(', ') || null,
    problem,
  };
}

function stateOf(replica: Replica, stored: StoredRow): string {
  if (stored.blocked !== null) return stored.blocked.code;
  if (isConflict(stored.row) && replica.shared.table.wanted(stored).kind === 'undecided') return 'conflict';
  if (stored.pending) return 'pending';
  return isLive(stored.applied?.value ?? ABSENT) ? 'in sync' : 'deleted';
}

function refuseReceiver(replica: Replica, verb: string): void {
  const { settings } = replica.shared;
  if (!settings.receiveOnly) return;
  throw new CsyncdError(
    'receive-only',
    `${settings.node} only receives ${settings.mapping}: ${verb} it on a node that writes`,
  );
}
