/**
 * A csync2.cfg that is managed elsewhere, as the parts of one group of csyncd: all of its own groups together. Its mappings are
 * for watching: csync2 leaves out by itself what it does not select, so where its patterns cannot be said, more is watched.
 */
import type { DraftHost, DraftMapping } from '../import/draft.ts';
import { uniqueName } from '../import/names.ts';
import { importHosts, importMappings, text, type Csync2Source } from './import.ts';
import { compileGlob, matchGlob } from './fnmatch.ts';
import type { Csync2Config } from './model.ts';

export interface ForeignGroup {
  readonly keyFile: string;
  readonly hosts: readonly DraftHost[];
  readonly auto: string;
  readonly backupGenerations: number;
  /** its hosts call each other in clear */
  readonly noSsl: boolean;
  readonly mappings: readonly ForeignMapping[];
}

export interface ForeignMapping {
  readonly name: string;
  readonly path: string;
  readonly paths: Readonly<Record<string, string>>;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly ignoresOwner: boolean;
  /** the directory as csync2 names it, a byte string */
  readonly root: string;
}

/** Null when the file has no group. */
export function foreignGroup(config: Csync2Config, source: Csync2Source): ForeignGroup | null {
  const [first] = config.groups;
  if (first === undefined) return null;
  const key = text(first.key.value);
  const hosts = allHosts(config);
  const ignoresOwner = ['uid', 'gid'].every((what) => config.ignore.some((entry) => entry.what === what));
  const taken = new Set<string>();
  const found = config.groups.flatMap((group) =>
    importMappings(config, group, source).mappings.map(({ root, draft, complete }) =>
      complete ? { root, draft } : { root, draft: whole(draft) },
    ),
  );
  const mappings = apart(found, hosts).map(({ root, draft }): ForeignMapping => {
    const { name, path, paths, exclude, include } = draft;
    return { name: uniqueName(name, taken), path, paths, exclude, include, ignoresOwner, root };
  });
  return {
    keyFile: key.startsWith('/') ? key : `${source.systemDir}/${key}`,
    hosts,
    auto: first.auto?.value ?? 'none',
    backupGenerations: Math.min(
      1000,
      Math.max(1, Number.parseInt(first.backupGenerations?.value ?? '3', 10) || 1),
    ),
    noSsl: isInClear(config, hosts),
    mappings,
  };
}

/** Whether a `nossl` covers each call from one of the hosts to another. */
function isInClear({ nossl }: Csync2Config, hosts: readonly DraftHost[]): boolean {
  const names = hosts.map(({ name, address }) => address ?? name);
  const matches = (pattern: string, name: string): boolean => {
    const glob = compileGlob(pattern, true);
    return glob !== null && matchGlob(glob, name, false);
  };
  return names.every((from) =>
    names.every(
      (to) => from === to || nossl.some((line) => matches(line.from, from) && matches(line.to, to)),
    ),
  );
}

/** A host that is a slave in all its groups only receives. */
function allHosts(config: Csync2Config): DraftHost[] {
  const hosts = new Map<string, DraftHost>();
  for (const host of config.groups.flatMap((group) => importHosts(group).hosts)) {
    const known = hosts.get(host.name) ?? host;
    const role = known.role === 'full' ? 'full' : host.role;
    hosts.set(host.name, { ...known, address: known.address ?? host.address, role });
  }
  return [...hosts.values()];
}

interface Rooted {
  readonly root: string;
  readonly draft: DraftMapping;
}

/** A directory belongs to one mapping: of two that overlap the outer one stays, and takes all below it. */
function apart(found: readonly Rooted[], hosts: readonly DraftHost[]): Rooted[] {
  const kept: Rooted[] = [];
  const byDepth = found.toSorted((a, b) => a.draft.path.length - b.draft.path.length);
  for (const entry of byDepth) {
    const at = kept.findIndex((other) =>
      hosts.some(({ name }) => overlap(pathOf(other, name), pathOf(entry, name))),
    );
    const outer = kept[at];
    if (outer === undefined) kept.push(entry);
    else kept[at] = { ...outer, draft: whole(outer.draft) };
  }
  return kept.toSorted(
    (a, b) => found.findIndex(({ root }) => root === a.root) - found.findIndex(({ root }) => root === b.root),
  );
}

function pathOf({ draft }: Rooted, host: string): string {
  return draft.paths[host] ?? draft.path;
}

function whole(draft: DraftMapping): DraftMapping {
  return { ...draft, exclude: [], include: [] };
}

function overlap(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}
