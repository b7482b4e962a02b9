/** `sync`: look at these paths now and, on request, wait until every peer has acknowledged what is there. */
import { setTimeout as delay } from 'node:timers/promises';
import type { HoldReason, WaitResult } from '../../backends/backend.ts';
import { shownPath } from '../../util/bytes.ts';
import type { SyncAnswer } from '../answers.ts';
import type { MappingRunner } from '../runner.ts';

export interface SyncTarget {
  readonly group: string;
  readonly runner: MappingRunner;
  /** byte paths below the root, or null for the whole mapping */
  readonly paths: readonly string[] | null;
  /** `Backend.settled` of this group */
  readonly settled: (
    mapping: string,
    paths: readonly string[] | null,
    signal: AbortSignal,
  ) => Promise<WaitResult>;
}

/** How long until a file that was in use is looked at again while a person waits for it. */
const BUSY_MS = 250;
const PATHS_SHOWN = 20;

type Outcome = Pick<SyncAnswer, 'changed' | 'failed' | 'waiting'>;

/**
 * @param node this node's name, which stands for files that are in use here
 * @param signal aborts at the time-out: what is owed then is the answer
 */
export async function sync(
  targets: readonly SyncTarget[],
  options: { readonly node: string; readonly wait: boolean },
  signal: AbortSignal,
): Promise<SyncAnswer> {
  const outcomes = await Promise.all(targets.map((target) => syncOne(target, options, signal)));
  const failed = outcomes.flatMap((outcome) => outcome.failed);
  const waiting = outcomes.flatMap((outcome) => outcome.waiting);
  const changed = outcomes.reduce((sum, outcome) => sum + outcome.changed, 0);
  return { complete: failed.length === 0 && waiting.length === 0, changed, failed, waiting };
}

async function syncOne(
  target: SyncTarget,
  { node, wait }: { readonly node: string; readonly wait: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  const { group, runner, paths } = target;
  const mapping = runner.mapping.name;
  const owed = (
    peer: string,
    paths: readonly string[],
    count = paths.length,
  ): SyncAnswer['waiting'][number] => ({
    group,
    peer,
    count,
    paths: paths.slice(0, PATHS_SHOWN).map((path) => shownPath(`${mapping}:${path}`)),
  });
  const failure = ({ message, hint }: HoldReason): SyncAnswer['failed'][number] => ({
    group,
    mapping,
    reason: `${message}; ${hint}`,
  });
  let changed = 0;
  let failed: Outcome['failed'] = [];
  let look = paths;
  for (;;) {
    const looked = await runner.look(look, signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (looked === null) return { changed, failed: [], waiting: [owed(node, look ?? [''])] };
    if (looked.kind === 'unable') return { changed, failed: [failure(looked.reason)], waiting: [] };
    changed += looked.changed;
    failed = looked.held === null ? [] : [failure(looked.held)];
    const busy = looked.busy.filter((path) => paths === null || paths.some((root) => isBelow(path, root)));
    if (!wait) return { changed, failed, waiting: [] };
    if (busy.length === 0) break;
    await delay(BUSY_MS, undefined, { signal }).catch(() => null);
    if (signal.aborted) return { changed, failed, waiting: [owed(node, busy)] };
    look = busy;
  }
  const settled = await target.settled(mapping, paths, signal);
  return {
    changed,
    failed,
    waiting: settled.waiting.map(({ peer, count, paths }) => owed(peer, paths, count)),
  };
}

function isBelow(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}
