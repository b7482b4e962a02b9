/** The way of a config: files, one tree, form, sense, this node. All faults are found in one go. */
import { hostname } from 'node:os';
import { checkConfig } from './check.ts';
import { expandConfigFiles } from './expand.ts';
import type { Fault } from './fault.ts';
import { readConfigFiles } from './files.ts';
import { hostsOf } from './hosts.ts';
import { mergeTrees } from './merge.ts';
import type { Config } from './model.ts';
import { resolveConfig } from './resolve.ts';
import { issuePaths, schemaFaults } from './schema-faults.ts';
import { fileSchema, type ConfigFile } from './schema.ts';
import { checkMachine } from './strict.ts';
import { findThisNode } from './this-node.ts';
import { faultAt, keyPlaceOf, placeOf, toPlain, without, type Tree, type TreePath } from './tree.ts';

export interface LoadOptions {
  /** this machine's host name; default: the system's */
  readonly host?: string;
  /** the directory of fragments; default: `conf.d` beside the file */
  readonly fragments?: string;
  /** look at this machine as well: directories, keys, certificates */
  readonly strict?: boolean;
  /** the file may be meant for another machine: what it names need not be here */
  readonly elsewhere?: boolean;
}

export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads, checks and resolves the config of this node. `-` is standard input. Never throws for what is in the files. */
export function loadConfig(file: string, options: LoadOptions = {}): LoadResult {
  const read = readConfigFiles(file, options.fragments);
  const [main, ...fragments] = read.trees;
  if (main === undefined || read.faults.length > 0) return { ok: false, faults: read.faults };
  const { tree: written, faults } = mergeTrees(main, fragments);
  const expanded = expandConfigFiles(written, options.elsewhere === true && options.strict !== true);
  faults.push(...expanded.faults);
  const { tree } = expanded;

  const { content, faults: formFaults } = parseForm(tree);
  faults.push(...formFaults);
  if (content === null) return { ok: false, faults: inOrder(faults) };
  const complete = formFaults.length === 0 && expanded.complete;

  const host = options.host ?? hostname();
  const { node: found, faults: nodeFaults } = thisNode(content.file, content.tree, host);
  // With a group left out, its hosts are not known either.
  const node = found ?? (expanded.complete ? null : (content.file.node ?? host));
  if (complete) faults.push(...nodeFaults);
  const checked = checkConfig(content.file, content.tree, node, complete);
  faults.push(...checked.faults);
  if (node === null || faults.length > 0) return { ok: false, faults: inOrder(faults) };

  const config = resolveConfig(content.file, node, [...read.files, ...expanded.files], expanded.roots);
  const warnings = [...read.warnings, ...expanded.warnings, ...checked.warnings];
  const missing = options.strict === true ? checkMachine(config, tree) : [];
  if (missing.length > 0) return { ok: false, faults: inOrder(missing) };
  return { ok: true, config, warnings: inOrder(warnings) };
}

interface Content {
  readonly file: ConfigFile;
  readonly tree: Tree;
}

/**
 * The file's form. What is wrong in it is reported and left out, so that the rest can still be checked for sense;
 * null when nothing of use remains.
 */
function parseForm(tree: Tree): { content: Content | null; faults: Fault[] } {
  const first = fileSchema.safeParse(toPlain(tree));
  if (first.success) return { content: { file: first.data, tree }, faults: [] };
  const faults = schemaFaults(fileSchema, tree, first.error.issues);
  let rest = tree;
  let paths = issuePaths(first.error.issues);
  while (paths.length > 0) {
    const before = rest;
    // From the end, so that the positions of list items before stay right.
    for (const path of parts(paths).toReversed()) rest = without(rest, path);
    const parsed = fileSchema.safeParse(toPlain(rest));
    if (parsed.success) return { content: { file: parsed.data, tree: rest }, faults };
    paths =
      JSON.stringify(toPlain(rest)) === JSON.stringify(toPlain(before))
        ? []
        : issuePaths(parsed.error.issues);
  }
  return { content: null, faults };
}

/**
 * What to leave out for faults at these paths, each once: the whole mapping, host, action or section, because its
 * defaults would say something else than was meant.
 */
function parts(paths: readonly TreePath[]): TreePath[] {
  const byText = new Map(paths.map(partOf).map((path) => [JSON.stringify(path), path]));
  return [...byText.values()];
}

function partOf(path: TreePath): TreePath {
  if (path[0] !== 'groups') return path.slice(0, 1);
  const key = String(path[2]);
  if (path.length > 3 && ['mappings', 'hosts', 'actions'].includes(key)) return path.slice(0, 4);
  // A group cannot be without these.
  return key === 'key_file' || key === 'hosts' ? path.slice(0, 2) : path.slice(0, 3);
}

function thisNode(file: ConfigFile, tree: Tree, host: string): { node: string | null; faults: Fault[] } {
  const hosts = Object.values(file.groups).flatMap((group) => hostsOf(group).map(({ name }) => name));
  if (hosts.length === 0) return { node: null, faults: [] };
  const found = findThisNode(file.node ?? null, host, hosts);
  if (found.ok) return { node: found.node, faults: [] };
  const place = file.node === undefined ? keyPlaceOf(tree, ['groups']) : placeOf(tree, ['node']);
  return { node: null, faults: [faultAt(place, found.message, found.hint)] };
}

/** In the order in which a person goes through the files. */
function inOrder(faults: readonly Fault[]): Fault[] {
  const files = [...new Set(faults.map((fault) => fault.file))];
  const rank = (fault: Fault): number => files.indexOf(fault.file);
  return faults.toSorted(
    (a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
