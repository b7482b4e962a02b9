/** Waits until csync2's table owes the peers nothing more of what is asked for, and all first meetings have taken place. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WaitResult } from '../backend.ts';
import type { GroupRun } from './group-run.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';

const MOST = 1_000;
const FIRST_MS = 25;
const LONGEST_MS = 250;
/** What a peer does not take is not tried in every moment that somebody waits for it. */
const HURRY_MS = 1_000;

export async function waitSettled(
  run: GroupRun,
  mappings: readonly Csync2Mapping[],
  paths: readonly string[] | null,
  signal: AbortSignal,
): Promise<WaitResult> {
  const read = (): Promise<WaitResult['waiting'][number][]> => owedByAll(run, mappings, paths);
  let waitMs = FIRST_MS;
  let hurried = -Infinity;
  for (;;) {
    const waiting = await run.local.alone(read, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      // An update may have the database for minutes; who waited is answered at once.
      return read();
    });
    if (waiting.length === 0 || signal.aborted) return { complete: waiting.length === 0, waiting };
    if (performance.now() - hurried >= HURRY_MS) {
      run.sending.hurry();
      hurried = performance.now();
    }
    await pause(waitMs, undefined, { signal }).catch(() => null);
    waitMs = Math.min(LONGEST_MS, waitMs * 1.5);
  }
}

async function owedByAll(
  run: GroupRun,
  mappings: readonly Csync2Mapping[],
  paths: readonly string[] | null,
): Promise<WaitResult['waiting'][number][]> {
  const waiting: WaitResult['waiting'][number][] = [];
  for (const other of run.others) {
    const owed: string[] = [];
    for (const mapping of mappings) {
      // Until the first meeting it is not known what is owed.
      if (run.meetings.isDue(mapping, other.node)) owed.push('');
      if (run.group.role !== 'receive') owed.push(...(await owedTo(mapping, other, paths)));
    }
    if (owed.length > 0) waiting.push({ peer: other.node, count: Math.min(MOST, owed.length), paths: owed });
  }
  return waiting;
}

async function owedTo(
  mapping: Csync2Mapping,
  { host }: Other,
  paths: readonly string[] | null,
): Promise<string[]> {
  const { local, rootName } = mapping.parts;
  const owed: string[] = [];
  for (const name of paths === null ? [rootName] : paths.map((path) => mapping.nameOf(path))) {
    const names = await local.table.owedNames(name, host, MOST);
    owed.push(...names.flatMap((found) => mapping.pathOf(found) ?? []));
  }
  return owed;
}
