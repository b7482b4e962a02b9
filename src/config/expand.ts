/**
 * `csync2: { config_file: … }`: the parts of the group that a csync2.cfg says are put into the tree, as if they were written
 * where the file is named.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { codeOf, CsyncdError, messageOf } from '../util/errors.ts';
import { foreignGroup, type ForeignGroup, type ForeignMapping } from './csync2/foreign.ts';
import { parseCsync2Config } from './csync2/parser.ts';
import type { Fault } from './fault.ts';
import { kindOf } from './import/kind-of.ts';
import { didYouMean } from './suggest.ts';
import {
  faultAt,
  keyPlaceOf,
  nodeAt,
  showPath,
  without,
  type Entry,
  type Place,
  type Tree,
  type TreePath,
} from './tree.ts';

export interface Expanded {
  readonly tree: Tree;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** false when a group was left out because its file is not on this machine */
  readonly complete: boolean;
  /** group → mapping → the directory as its csync2.cfg names it, a byte string */
  readonly roots: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** the csync2.cfg files with all that they include */
  readonly files: readonly string[];
}

const FILE_NAME = /^csync2(?:_([a-z0-9]+))?\.cfg$/;
/** csync2's own, where the other programs that use such a file have theirs. */
const DATABASE_DIR = '/var/lib/csync2';
/** Of a mapping; the rest is the file's. */
const ADDED = ['delay', 'max_delay', 'rescan', 'max_delete'];
const IN_FILE = ['hosts', 'key_file', 'auto', 'backup', 'actions'];
const IN_FILE_CSYNC2 = ['config_dir', 'config_name', 'no_ssl', 'lock_timeout'];

/** @param elsewhere the file may be meant for another machine: a csync2.cfg that cannot be read is a warning */
export function expandConfigFiles(tree: Tree, elsewhere: boolean): Expanded {
  const expansion = new Expansion(tree, elsewhere);
  const groups = nodeAt(tree, ['groups']);
  for (const name of groups?.kind === 'map' ? groups.entries.keys() : []) {
    const file = nodeAt(tree, ['groups', name, 'csync2', 'config_file']);
    if (file?.kind === 'scalar' && typeof file.value === 'string')
      expansion.expand(name, file.value, file.at);
  }
  return expansion;
}

class Expansion implements Expanded {
  tree: Tree;
  complete = true;
  readonly faults: Fault[] = [];
  readonly warnings: Fault[] = [];
  readonly roots = new Map<string, Readonly<Record<string, string>>>();
  readonly files: string[] = [];
  readonly #elsewhere: boolean;

  constructor(tree: Tree, elsewhere: boolean) {
    this.tree = tree;
    this.#elsewhere = elsewhere;
  }

  expand(name: string, file: string, at: Place): void {
    const path = ['groups', name];
    const configName = FILE_NAME.exec(basename(file));
    if (!file.startsWith('/') || configName === null) {
      const message = `${showPath([...path, 'csync2', 'config_file'])} must be the whole path of a csync2.cfg or csync2_NAME.cfg`;
      this.#leaveOut(path, faultAt(at, message, 'NAME is of a-z and 0-9, as for csync2 -C'));
      return;
    }
    for (const key of IN_FILE) this.#refuse([...path, key], file);
    for (const key of IN_FILE_CSYNC2) this.#refuse([...path, 'csync2', key], file);
    const backend = nodeAt(this.tree, [...path, 'backend']);
    if (backend?.kind === 'scalar' && backend.value !== 'csync2') {
      const message = `${showPath([...path, 'backend'])} must be csync2 with a config_file`;
      this.faults.push(
        faultAt(backend.at, message, 'drop config_file, or take `csyncd config import` for the engine'),
      );
      this.tree = without(this.tree, [...path, 'backend']);
    }
    try {
      this.#insert(path, this.#read(file), file, configName[1] ?? null, at);
    } catch (error) {
      const hint = error instanceof CsyncdError ? error.hint : null;
      const fault = faultAt(at, reasonFor(file, error), hint);
      if (this.#elsewhere) {
        this.warnings.push({ ...fault, hint: 'the group is checked where its file is' });
        this.complete = false;
        this.tree = without(this.tree, path);
      } else this.#leaveOut(path, fault);
    }
  }

  #read(file: string): ForeignGroup {
    const read = (path: string): string => {
      this.files.push(path);
      return readFileSync(Buffer.from(path, 'latin1'), 'latin1');
    };
    const config = parseCsync2Config(file, read(Buffer.from(file).toString('latin1')), (path) => {
      try {
        // The daemon's working directory, from which csync2 takes a relative path.
        return read(resolve('/', path));
      } catch {
        return null;
      }
    });
    const group = foreignGroup(config, { name: null, systemDir: dirname(file), kindOf });
    if (group === null) throw new CsyncdError('bad-csync2-config', `${file} has no group`);
    return group;
  }

  #insert(path: TreePath, group: ForeignGroup, file: string, configName: string | null, at: Place): void {
    const [, name = ''] = path.map(String);
    const csync2 = {
      config_dir: dirname(file),
      ...(configName === null ? {} : { config_name: configName }),
      ...(nodeAt(this.tree, [...path, 'csync2', 'database_dir']) === null
        ? { database_dir: DATABASE_DIR }
        : {}),
      no_ssl: group.noSsl,
    };
    const plain = {
      backend: 'csync2',
      key_file: group.keyFile,
      hosts: group.hosts.map(({ name: host, address, role }) => ({
        name: host,
        ...(address === null ? {} : { address }),
        role,
      })),
      auto: group.auto,
      backup: { generations: group.backupGenerations },
      csync2,
      mappings: Object.fromEntries(group.mappings.map((mapping) => [mapping.name, plainMapping(mapping)])),
    };
    this.#checkMappings([...path, 'mappings'], group, file);
    this.tree = withEntries(this.tree, path, treeOf(plain, at));
    this.roots.set(name, Object.fromEntries(group.mappings.map((mapping) => [mapping.name, mapping.root])));
  }

  /** A mapping in the YAML adds times to one of the file's, which it names. */
  #checkMappings(path: TreePath, group: ForeignGroup, file: string): void {
    const written = nodeAt(this.tree, path);
    if (written?.kind !== 'map') return;
    const names = group.mappings.map(({ name }) => name);
    for (const [name, { at, value }] of written.entries) {
      if (!names.includes(name)) {
        const message = `${showPath([...path, name])}: ${file} includes nothing that is called so`;
        this.faults.push(faultAt(at, message, didYouMean(name, names)));
        this.tree = without(this.tree, [...path, name]);
      }
      for (const key of value.kind === 'map' ? value.entries.keys() : [])
        if (!ADDED.includes(key)) this.#refuse([...path, name, key], file);
    }
  }

  #refuse(path: TreePath, file: string): void {
    if (nodeAt(this.tree, path) === null) return;
    const message = `${showPath(path)} is said by the config_file ${file}`;
    this.faults.push(faultAt(keyPlaceOf(this.tree, path), message, 'drop it here, or drop config_file'));
    this.tree = without(this.tree, path);
  }

  #leaveOut(path: TreePath, fault: Fault): void {
    this.faults.push(fault);
    this.complete = false;
    this.tree = without(this.tree, path);
  }
}

function plainMapping({
  path,
  paths,
  exclude,
  include,
  ignoresOwner,
}: ForeignMapping): Record<string, unknown> {
  return { path, paths, exclude, include, ...(ignoresOwner ? { owner: 'ignore' } : {}) };
}

function reasonFor(file: string, error: unknown): string {
  if (error instanceof CsyncdError) return error.message;
  return codeOf(error) === 'ENOENT'
    ? `there is no file ${file}`
    : `${file} cannot be read: ${messageOf(error)}`;
}

/** Plain data as it would stand at one place. */
function treeOf(value: unknown, at: Place): Tree {
  if (Array.isArray(value)) return { kind: 'list', at, items: value.map((item) => treeOf(item, at)) };
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', at, value };
  const entries = Object.entries(value).map(([key, item]): [string, Entry] => [
    key,
    { at, value: treeOf(item, at) },
  ]);
  return { kind: 'map', at, entries: new Map(entries) };
}

/** The tree with more in the map at a path; what is written there stays. */
function withEntries(tree: Tree, [step, ...rest]: TreePath, added: Tree): Tree {
  if (tree.kind !== 'map') return tree;
  if (step === undefined) return merged(tree, added);
  const entry = tree.entries.get(String(step));
  if (entry === undefined) return tree;
  const entries = new Map(tree.entries).set(String(step), {
    ...entry,
    value: withEntries(entry.value, rest, added),
  });
  return { ...tree, entries };
}

function merged(written: Tree, added: Tree): Tree {
  if (written.kind !== 'map' || added.kind !== 'map') return written;
  const entries = new Map(written.entries);
  for (const [key, entry] of added.entries) {
    const known = entries.get(key);
    entries.set(key, known === undefined ? entry : { ...known, value: merged(known.value, entry.value) });
  }
  return { ...written, entries };
}
