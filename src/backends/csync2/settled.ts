/** Waits until csync2's table owes the peers nothing more of what is asked for. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WaitResult } from '../backend.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';

const MOST = 1_000;
const FIRST_MS = 25;
const LONGEST_MS = 250;

/** @param hurry makes what is owed be tried now */
export async function waitSettled(
  mappings: readonly Csync2Mapping[],
  peers: readonly Other[],
  paths: readonly string[] | null,
  hurry: () => void,
  signal: AbortSignal,
): Promise<WaitResult> {
  let waitMs = FIRST_MS;
  for (;;) {
    const waiting = await owedTo(mappings, peers, paths);
    if (waiting.length === 0 || signal.aborted) return { complete: waiting.length === 0, waiting };
    hurry();
    await pause(waitMs, undefined, { signal }).catch(() => null);
    waitMs = Math.min(LONGEST_MS, waitMs * 1.5);
  }
}

async function owedTo(
  mappings: readonly Csync2Mapping[],
  peers: readonly Other[],
  paths: readonly string[] | null,
): Promise<WaitResult['waiting'][number][]> {
  const waiting: WaitResult['waiting'][number][] = [];
  for (const { node, host } of peers) {
    const owed: string[] = [];
    for (const mapping of mappings) {
      const { local, rootName } = mapping.parts;
      for (const name of paths === null ? [rootName] : paths.map((path) => mapping.nameOf(path))) {
        const names = await local.table.owedNames(name, host, MOST);
        owed.push(...names.flatMap((owed) => mapping.pathOf(owed) ?? []));
      }
    }
    if (owed.length > 0) waiting.push({ peer: node, count: Math.min(MOST, owed.length), paths: owed });
  }
  return waiting;
}
