/** What must hold when a cluster has come to rest (replication.md, 11), judged from the outside. */
import type { Row, Value } from '../../../src/backends/engine/core/types.ts';
import type { Message } from '../../../src/backends/engine/wire/messages.ts';
import type { StoredRow } from '../../../src/backends/engine/store/store.ts';
import type { SimNode } from './node.ts';
import { describe, InvariantError } from './observer.ts';
import { GROUP, MAPPING } from './machine.ts';
import { difference, ownTreeOf, sha256Of, treeOf, type Entry, type Tree } from './trees.ts';
import { count, isReceiver, type World } from './world.ts';

export function judge(world: World, nodes: readonly SimNode[]): void {
  const tables = nodes.map((node) => tableOf(node));
  const trees = nodes.map((node) => treeOf(node.disk));
  const undecidedPaths = undecided(world, tables[0] ?? new Map<string, StoredRow>());
  for (const [index, node] of nodes.entries()) {
    const [table, tree] = [tables[index] as Table, trees[index] as Tree];
    // What people have yet to decide, and what a node that only receives keeps of its own, is each node's affair.
    const drift = isReceiver(world.history, index) ? driftOf(world, index, tree) : [];
    const isOpen = near([...undecidedPaths, ...drift]);
    sameRows(nodes[0] as SimNode, tables[0] as Table, node, table);
    sameTrees(nodes[0] as SimNode, trees[0] as Tree, node, tree, isOpen);
    rowsTellTheDisk(node, table, tree, isOpen);
    boundedState(world, node, table, isOpen);
    const back = world.ledger.resurrected(new Map([...tree].filter(([path]) => !isOpen(path))));
    if (back.length > 0) throw new InvariantError('I4 no resurrection', back.join(', '));
  }
  nothingLost(world, nodes, trees);
  if (undecidedPaths.length > 0) count(world, 'undecided');
}

/** Paths that hold what users of a node did: also where csyncd was just renaming the file that they wrote to. */
function driftOf({ ledger }: World, node: number, tree: Tree): string[] {
  const written = [...tree]
    .filter(([, { text }]) => text !== '' && ledger.wrote(node, text))
    .map(([path]) => path);
  return [...ledger.touched(node), ...written];
}

/** Whether all that is still to do is to get contents. */
export function onlyWaits(nodes: readonly SimNode[]): boolean {
  const rows = nodes.flatMap((node) => [...tableOf(node).values()]);
  return rows.every((row) => !row.pending || row.blocked?.code === 'waiting-content');
}

/** I2: then nobody says or writes anything any more. */
export function judgeSilence(world: World, nodes: readonly SimNode[], forMs: number): void {
  if (forMs === 0) return;
  const sent = world.net.sent;
  const before = nodes.map((node) => ({ writes: node.disk.writes, seq: seqOf(node) }));
  world.scheduler.runUntil(world.scheduler.now() + forMs);
  if (world.net.sent !== sent)
    throw new InvariantError('I2 quiescence', `${world.net.sent - sent} messages at rest`);
  for (const [index, node] of nodes.entries()) {
    if (node.disk.writes !== before[index]?.writes && !isReceiver(world.history, index))
      throw new InvariantError('I2 quiescence', `${node.name} writes at rest`);
    if (seqOf(node) !== before[index]?.seq)
      throw new InvariantError('I2 quiescence', `${node.name} changes rows at rest`);
  }
}

/** I14: what a node acknowledges, it holds. */
export function judgeAck(by: SimNode, of: SimNode, ack: Extract<Message, { kind: 'ack' }>): void {
  if (of.store.tableId !== ack.tableId) return;
  const mine = tableOf(by);
  for (const row of tableOf(of).values()) {
    if (row.seq === 0 || row.seq > ack.seq) continue;
    const held = mine.get(row.path);
    const missing = [...row.row.context].find(
      ([actor, counter]) => (held?.row.context.get(actor) ?? 0) < counter,
    );
    if (missing !== undefined)
      throw new InvariantError('I14 acknowledgement', `${by.name} lacks ${missing.join(':')} of ${row.path}`);
  }
}

/** After these a node takes a new epoch, or may announce again what it had announced. */
const FORGETS: ReadonlySet<string> = new Set(['power', 'restore', 'wipe']);

type Table = ReadonlyMap<string, StoredRow>;

function tableOf(node: SimNode): Table {
  return new Map(
    node.store
      .mapping(GROUP, MAPPING)
      .page(null, Infinity)
      .map((row) => [row.path, row]),
  );
}

function seqOf(node: SimNode): number {
  return node.store.mapping(GROUP, MAPPING).lastSeq();
}

/** Under `none`, what people have to decide. */
function undecided(world: World, table: Table): string[] {
  if (world.history.policy !== 'none') return [];
  return [...table.values()].filter((row) => isUndecided(row.row)).map((row) => row.path);
}

/** Whether a path is one of these, leads to one of them, or lies below one. */
function near(paths: readonly string[]): (path: string) => boolean {
  return (path) =>
    paths.some((one) => path === one || path.startsWith(`${one}/`) || one.startsWith(`${path}/`));
}

/** More than one version, and not all of them mere directories or deletions. */
function isUndecided({ siblings }: Row): boolean {
  return siblings.length > 1 && siblings.some(({ value }) => value.kind !== 'dir' && value.kind !== 'absent');
}

/** Whether all nodes hold the same rows. */
export function sameTables(nodes: readonly SimNode[]): boolean {
  const texts = nodes.map((node) => {
    const rows = [...tableOf(node).values()].map(({ path, row }) => `${path} ${rowText(row)}`);
    return rows.filter((text) => text.endsWith('}')).join('\n');
  });
  return texts.every((text) => text === texts[0]);
}

function sameRows(first: SimNode, expected: Table, node: SimNode, actual: Table): void {
  for (const path of new Set([...expected.keys(), ...actual.keys()])) {
    const [one, two] = [rowText(expected.get(path)?.row), rowText(actual.get(path)?.row)];
    if (one === two) continue;
    throw new InvariantError('I1 convergence', `rows of ${path}: ${first.name} ${one}, ${node.name} ${two}`);
  }
}

function rowText(row: Row | undefined): string {
  // A row without history holds what only its node knows of its own disk.
  if (row === undefined || row.context.size === 0) return '';
  const context = [...row.context].map(([actor, counter]) => `${actor}:${counter}`).sort();
  const siblings = row.siblings
    .map(({ dot, value }) => `${dot.actor}:${dot.counter}=${describe(value)}`)
    .sort();
  return `{${siblings.join(', ')} | ${context.join(' ')}}`;
}

function sameTrees(
  first: SimNode,
  expected: Tree,
  node: SimNode,
  actual: Tree,
  isOpen: (path: string) => boolean,
): void {
  const decided = (tree: Tree): Tree => new Map([...tree].filter(([path]) => !isOpen(path)));
  const found = difference(decided(expected), decided(actual));
  if (found !== null)
    throw new InvariantError('I1 convergence', `trees of ${first.name} | ${node.name}: ${found}`);
}

/** A row that has but one version is on the disk: as itself, or as the directory that its children need (I13). */
function rowsTellTheDisk(node: SimNode, table: Table, tree: Tree, isOpen: (path: string) => boolean): void {
  for (const { path, row, blocked } of table.values()) {
    if (row.siblings.length !== 1 || isOpen(path)) continue;
    const value = row.siblings[0]?.value;
    const entry = tree.get(path);
    const hasChildren = [...tree.keys()].some((other) => other.startsWith(`${path}/`));
    if (value === undefined || (hasChildren && entry?.kind === 'dir')) continue;
    if (isShown(value, entry)) continue;
    const why = blocked === null ? '' : ` (${blocked.code})`;
    throw new InvariantError(
      'I13 rows and disk',
      `${node.name} ${path}: ${describe(value)}${why}, disk ${entry?.kind ?? 'nothing'}`,
    );
  }
  for (const [path, entry] of tree) {
    const known = table.get(path);
    if (isOpen(path)) continue;
    if (known !== undefined && (known.row.siblings.length > 0 || entry.kind === 'dir')) continue;
    throw new InvariantError('I13 rows and disk', `${node.name} ${path} is on the disk and in no row`);
  }
}

function isShown(value: Row['siblings'][number]['value'], entry: Entry | undefined): boolean {
  if (value.kind === 'absent') return entry === undefined;
  if (entry === undefined || entry.kind !== value.kind) return false;
  if (value.kind === 'file') {
    if (value.sha256 !== sha256Of(entry.text)) return false;
    return value.mtimeNs === entry.mtimeNs && value.mode === entry.mode;
  }
  return value.kind !== 'symlink' || value.target === entry.text;
}

/** I15: as many siblings as members at the most, no intents, no temporaries, nothing pending. */
function boundedState(world: World, node: SimNode, table: Table, isOpen: (path: string) => boolean): void {
  const rows = node.store.mapping(GROUP, MAPPING);
  const members = world.history.nodes * (1 + world.history.ops.filter((op) => FORGETS.has(op.do)).length);
  // An edit that raced a replacement is one more version of its node, and so is one after a deletion was rejected.
  const more = ['apply raced', 'raced late', 'rejected'].map((what) => world.counters.get(what) ?? 0);
  const most = more.reduce((sum, count) => sum + count, members);
  for (const { path, row, pending } of table.values()) {
    if (row.siblings.length > most)
      throw new InvariantError('I15 bounded state', `${path}: ${row.siblings.length} versions`);
    if (pending && !isOpen(path))
      throw new InvariantError('I1 convergence', `${node.name} ${path} is still pending`);
  }
  const intents = rows.intents();
  if (intents.length > 0)
    throw new InvariantError(
      'I15 bounded state',
      `${node.name} keeps intents of ${intents.map(({ path }) => path).join(' ')}`,
    );
  const own = ownTreeOf(node.disk);
  // Downloads are content transfer's, which removes what it does not go on with.
  const temps = [...own.keys()].filter((path) => path.startsWith('tmp/') && !path.startsWith('tmp/dl-'));
  if (temps.length > 0)
    throw new InvariantError('I15 bounded state', `${node.name} keeps ${temps.join(' ')}`);
  if (world.history.durability === 'relaxed' && members > world.history.nodes) return;
  for (const backup of rows.backups(null)) {
    const kept = own.get(`backup/${backup.id}`);
    if (kept !== undefined && members === world.history.nodes && !holds(kept, backup.value, world))
      throw new InvariantError(
        'I8 losers kept',
        `${node.name}: backup ${backup.id} of ${backup.path} holds ${JSON.stringify(kept.text)}`,
      );
    if (kept === undefined)
      throw new InvariantError('I8 losers kept', `${node.name}: no backup ${backup.id} of ${backup.path}`);
  }
}

/** Whether a backup holds the version that it is listed as, but for what was written to it long after. */
function holds(kept: Entry, value: Value, world: World): boolean {
  if (value.kind === 'symlink') return kept.text === value.target;
  return value.kind !== 'file' || value.sha256 === sha256Of(kept.text) || world.ledger.wasLate(kept.text);
}

/** I3: every content that was ever written is somewhere, or was replaced by somebody who had it before his eyes. */
function nothingLost(world: World, nodes: readonly SimNode[], trees: readonly Tree[]): void {
  const alive = new Set<string>();
  for (const tree of trees) for (const entry of tree.values()) alive.add(entry.text);
  for (const node of nodes) {
    for (const [path, entry] of ownTreeOf(node.disk)) if (path.startsWith('backup/')) alive.add(entry.text);
  }
  const hasLinks = world.history.ops.some((op) => op.do === 'link');
  const lost = world.ledger.lost((text) => alive.has(text) || (hasLinks && world.ledger.gaveUp(text)));
  if (lost.length > 0) throw new InvariantError('I3 no lost update', lost.join(', '));
}
