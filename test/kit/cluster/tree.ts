/**
 * A directory as it is: an independent walk that shares nothing with csyncd. Names are bytes (latin1 strings here).
 * What csyncd promises to carry: type, content, mode, owner, and the mtime of all but directories.
 */
import { createHash, hash } from 'node:crypto';
import * as fs from 'node:fs';
import { bytesToText } from '../../../src/util/bytes.ts';

/** Everything about a name that must be the same on all nodes, as one line of text. */
export type Tree = ReadonlyMap<string, string>;

/** How exactly times are compared: csync2 carries whole seconds, and no times of symlinks. */
export type Precision = 'nanoseconds' | 'seconds';

/** Hashes of files by their identity, for walks that are repeated while something is awaited. */
export type HashCache = Map<string, string>;

const HIDDEN = '.csyncd';
const WHOLE = 1024 * 1024;

export interface WalkOptions {
  readonly cache?: HashCache;
  readonly precision?: Precision;
}

interface Walk {
  readonly tree: Map<string, string>;
  readonly cache: HashCache | null;
  readonly precision: Precision;
}

/** Walks a directory without its `.csyncd`. Throws when something vanishes meanwhile. */
export function walk(root: string, options: WalkOptions = {}): Tree {
  const { cache = null, precision = 'nanoseconds' } = options;
  const tree = new Map<string, string>();
  walkInto(Buffer.from(root), '', { tree, cache, precision });
  return tree;
}

/** As `walk`; null when something vanished meanwhile. */
export function walkAtRest(root: string, options: WalkOptions = {}): Tree | null {
  try {
    return walk(root, options);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function walkInto(dir: Buffer, prefix: string, walk: Walk): void {
  const names = fs.readdirSync(dir, { encoding: 'buffer' }).sort((a, b) => a.compare(b));
  for (const name of names) {
    const bytes = name.toString('latin1');
    if (prefix === '' && bytes === HIDDEN) continue;
    const path = Buffer.concat([dir, Buffer.from('/'), name]);
    const stat = fs.lstatSync(path, { bigint: true });
    walk.tree.set(prefix + bytes, describe(path, stat, walk));
    if (stat.isDirectory()) walkInto(path, `${prefix}${bytes}/`, walk);
  }
}

function describe(path: Buffer, stat: fs.BigIntStats, { cache, precision }: Walk): string {
  const isExact = precision === 'nanoseconds';
  const time = isExact ? stat.mtimeNs : stat.mtimeNs / 1_000_000_000n;
  const owner = `${stat.uid}:${stat.gid}`;
  const mode = (stat.mode & 0o7777n).toString(8).padStart(4, '0');
  if (stat.isDirectory()) return `dir ${mode} ${owner}`;
  if (stat.isSymbolicLink()) {
    const target = fs.readlinkSync(path, { encoding: 'buffer' }).toString('latin1');
    return `symlink ${owner} ${isExact ? `${time} ` : ''}-> ${target}`;
  }
  if (stat.isFile()) return `file ${mode} ${owner} ${time} ${stat.size} ${hashOf(path, stat, cache)}`;
  return `${stat.isFIFO() ? 'fifo' : 'other'} ${mode} ${owner} ${time}`;
}

function hashOf(path: Buffer, stat: fs.BigIntStats, cache: HashCache | null): string {
  const identity = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
  const known = cache?.get(identity);
  if (known !== undefined) return known;
  const hashed = stat.size <= WHOLE ? hash('sha256', fs.readFileSync(path)) : hashInParts(path);
  cache?.set(identity, hashed);
  return hashed;
}

function hashInParts(path: Buffer): string {
  const sum = createHash('sha256');
  const buffer = Buffer.alloc(WHOLE);
  const fd = fs.openSync(path, 'r');
  try {
    for (;;) {
      const count = fs.readSync(fd, buffer);
      if (count === 0) return sum.digest('hex');
      sum.update(buffer.subarray(0, count));
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** What differs between named trees, as lines to read, at most `limit`; empty when all are equal. */
export function differences(trees: ReadonlyMap<string, Tree>, limit = 20): string[] {
  const paths = new Set([...trees.values()].flatMap((tree) => [...tree.keys()]));
  const lines: string[] = [];
  for (const path of [...paths].sort()) {
    const versions = [...trees].map(([node, tree]) => [node, tree.get(path) ?? 'nothing'] as const);
    if (new Set(versions.map(([, version]) => version)).size === 1) continue;
    if (lines.length >= limit) return [...lines, '…'];
    const shown = versions.map(([node, version]) => `\n    ${node}: ${bytesToText(version)}`);
    lines.push(`${bytesToText(path)}${shown.join('')}`);
  }
  return lines;
}
