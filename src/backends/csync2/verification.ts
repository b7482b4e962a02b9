/** Whether the nodes' csync2 have recorded the same: what it compares is type, mode, owner, size and whole seconds of mtime. */
import { setTimeout as pause } from 'node:timers/promises';
import { shownPath } from '../../util/bytes.ts';
import type { Difference, VerifyResult } from '../backend.ts';
import type { Local } from './local.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { Other } from './members.ts';
import { compareTables, type Divergence } from './peer-tables.ts';

const MOST = 1_000;
/** What is on its way is recorded within this time; what still differs then is told, ms. */
const AGAIN_MS = 500;

export async function verifyMapping(
  local: Local,
  mapping: Csync2Mapping,
  others: readonly Other[],
  self: string,
  signal: AbortSignal,
): Promise<VerifyResult> {
  await mapping.look(null, signal);
  // csync2 has recorded these still, as the peers have.
  const differences: Difference[] = [
    ...mapping.held.map((path) => ({ ...shownPath(path), node: self, reason: 'its deletion is held' })),
    ...mapping.errors.map(({ path, message }) => ({ ...shownPath(path), node: self, reason: message })),
  ];
  const unreachable: string[] = [];
  for (const other of others) {
    try {
      differences.push(...(await divergencesWith(local, mapping, other, signal)));
    } catch {
      signal.throwIfAborted();
      unreachable.push(other.node);
    }
  }
  return {
    compared: unreachable.length === 0,
    unreachable,
    equal: differences.length === 0 && unreachable.length === 0,
    files: mapping.totals.entries - 1,
    nodes: [self, ...others.map(({ node }) => node).filter((node) => !unreachable.includes(node))],
    differences,
  };
}

async function divergencesWith(
  local: Local,
  mapping: Csync2Mapping,
  other: Other,
  signal: AbortSignal,
): Promise<Difference[]> {
  const first = await compare(local, mapping, other, signal);
  if (first.length === 0) return [];
  await pause(AGAIN_MS, undefined, { signal });
  const before = new Set(first.map(({ name }) => name));
  const still = (await compare(local, mapping, other, signal)).filter(({ name }) => before.has(name));
  return still.map((divergence) => ({
    ...shownPath(mapping.pathOf(divergence.name) ?? ''),
    node: other.node,
    reason: reasonOf(divergence, other.node),
  }));
}

async function compare(
  local: Local,
  mapping: Csync2Mapping,
  { host, node }: Other,
  signal: AbortSignal,
): Promise<readonly Divergence[]> {
  const session = await local.session(host, signal);
  try {
    const { rootName } = mapping.parts;
    const { divergences, isServed } = await compareTables(local, session, rootName, MOST);
    if (!isServed) throw new Error(`${node} does not serve ${mapping.parts.mapping.name}`);
    return divergences;
  } finally {
    await session.close();
  }
}

function reasonOf({ ours, theirs }: Divergence, node: string): string {
  if (ours === null) return `only on ${node}`;
  if (theirs === null) return `not on ${node}`;
  const [here, there] = [fieldsOf(ours), fieldsOf(theirs)];
  const fields = new Set(
    [...here.keys(), ...there.keys()].filter((field) => here.get(field) !== there.get(field)),
  );
  return `${[...fields].join(', ')} ${fields.size === 1 ? 'differs' : 'differ'}`;
}

function fieldsOf(checktxt: string): Map<string, string> {
  const fields = checktxt.split(':').slice(1);
  return new Map(
    fields.map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]),
  );
}
