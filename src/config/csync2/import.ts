/** A csync2.cfg as groups of csyncd: one for each of its own, with a mapping for each directory that it includes. */
import { isUtf8 } from 'node:buffer';
import type { Draft, DraftGroup, DraftHost, DraftMapping, Remark } from '../import/draft.ts';
import { hostNameFrom } from '../import/names.ts';
import { importAction } from './import-actions.ts';
import { isPathPattern, prefixPath } from './match.ts';
import type { At, Csync2Config, Csync2Group } from './model.ts';
import { findRoots, type KindOf } from './roots.ts';
import { translatePatterns } from './translate.ts';

export interface Csync2Source {
  /** NAME of `csync2_NAME.cfg`; null for csync2.cfg */
  readonly name: string | null;
  /** where csync2 looks for a key that is named without a `/` in front */
  readonly systemDir: string;
  /** of a path, as a byte string */
  readonly kindOf: KindOf;
}

/** Everything that differs in csyncd is a remark. The result is the same on every node that has the same directories. */
export function importCsync2(config: Csync2Config, source: Csync2Source): Draft {
  return {
    groups: config.groups.map((group) => importGroup(config, group, source)),
    remarks: globalRemarks(config),
  };
}

function importGroup(config: Csync2Config, group: Csync2Group, source: Csync2Source): DraftGroup {
  const { name } = source;
  const own =
    name === null || config.groups.length === 1 || name === group.name ? name : `${name}-${group.name}`;
  const hosts = importHosts(group);
  const remarks = [...hosts.remarks, ...compareRemarks(group)];
  const found = importMappings(config, group, source);
  const ignoresOwner = ['uid', 'gid'].every((what) => config.ignore.some((entry) => entry.what === what));
  const mappings = found.mappings.map((mapping) => ({ ...mapping.draft, ignoresOwner }));
  const roots = found.mappings.map(({ root }) => root);
  const actions = group.actions.map((action) => importAction(action, roots));
  const generations = Number.parseInt(group.backupGenerations?.value ?? '3', 10) || 0;
  const keepsBackups = group.backupDirectory !== null && generations > 1;
  return {
    ...group.at,
    name: text(own ?? group.name),
    comments: keepsBackups
      ? [
          `csync2 kept backups in ${text(group.backupDirectory.value)}; csyncd keeps them in .csyncd/ of the mapping`,
        ]
      : ['csync2 kept no backups here; csyncd keeps 3 versions for 30 days (backup:)'],
    remarks: [...remarks, ...found.remarks, ...actions.flatMap((action) => action.remarks)],
    keyFile: text(
      group.key.value.startsWith('/') ? group.key.value : `${source.systemDir}/${group.key.value}`,
    ),
    hosts: hosts.hosts,
    auto: group.auto?.value ?? 'none',
    backupGenerations: keepsBackups ? Math.min(generations, 1000) : null,
    mappings,
    actions: actions.flatMap((action) => action.actions),
  };
}

/** Each host once, where it is listed first. */
export function importHosts(group: Csync2Group): { hosts: DraftHost[]; remarks: Remark[] } {
  const hosts = new Map<string, DraftHost>();
  const remarks: Remark[] = [];
  for (const { name: written, address, slave, at } of group.hosts) {
    const name = hostNameFrom(text(written));
    if (hosts.has(name)) {
      remarks.push(remark(at, `host ${text(written)} is listed again; the first entry holds`));
      continue;
    }
    if (name !== written) remarks.push(remark(at, `host ${text(written)}: is called ${name} here`));
    const reached = address ?? (name === written ? null : written);
    hosts.set(name, {
      name,
      address: reached === null ? null : text(reached),
      role: slave ? 'receive' : 'full',
    });
  }
  return { hosts: [...hosts.values()], remarks };
}

export interface FoundMappings {
  readonly mappings: readonly FoundMapping[];
  readonly remarks: readonly Remark[];
}

export interface FoundMapping {
  /** the directory as csync2 names it */
  readonly root: string;
  readonly draft: DraftMapping;
  /** false when a pattern could not be said, and so was left out */
  readonly complete: boolean;
}

/** The directories of a group, with the paths below them that it selects. */
export function importMappings(
  config: Csync2Config,
  group: Csync2Group,
  source: Csync2Source,
): FoundMappings {
  const patterns = group.patterns.filter(({ kind }) => kind !== 'compare');
  const kindOf: KindOf = (name) => kindOfName(config, group, source, name);
  const { names, guessed, tooWide } = findRoots(patterns, kindOf);
  const mappings: FoundMapping[] = [];
  const remarks = tooWide.map(({ pattern, at }) =>
    remark(
      at,
      `include ${text(pattern)}: begins at /, and csyncd has no mapping for a whole system; it is left out`,
    ),
  );
  for (const root of names) {
    const first = patterns.find(
      (pattern) => pattern.kind === 'include' && isPathPattern(pattern) && pattern.pattern.startsWith(root),
    );
    const at = first?.at ?? group.at;
    const { rules, notes } = translatePatterns(patterns, root);
    const placed = placeRoot(config, group, root);
    const said = notes.map((note) => remark(note.at, text(note.message)));
    if (rules === null || placed.path === null) {
      const problem = placed.path === null ? placed.problem : 'nothing below it is selected in csync2 either';
      remarks.push(...said, remark(at, `${text(root)}: ${problem}; there is no mapping for it`));
      continue;
    }
    const absent = guessed.filter(({ pattern }) => pattern === root);
    const taken = absent.map(({ at: place, pattern }) =>
      remark(place, `include ${text(pattern)}: is not on this machine, and was taken for a directory`),
    );
    mappings.push({
      root,
      complete: !notes.some(({ kind }) => kind === 'unsayable'),
      draft: {
        name: text(nameOf(root)),
        comments: [],
        remarks: [...said, ...taken, ...placed.remarks.map((message) => remark(at, message))],
        path: placed.path,
        paths: placed.paths,
        exclude: rules.exclude.map(text),
        include: rules.include.map(text),
        maxDelay: null,
        ignoresOwner: false,
      },
    });
  }
  return { mappings, remarks };
}

type Placed =
  | { readonly path: string; readonly paths: Record<string, string>; readonly remarks: readonly string[] }
  | { readonly path: null; readonly problem: string };

/** Where a root is on each host: the same everywhere, or where the prefix puts it. */
function placeRoot(config: Csync2Config, group: Csync2Group, root: string): Placed {
  const { prefix, rest } = splitName(root);
  if (prefix === null) {
    const problem = pathProblem(root);
    return problem === null ? { path: text(root), paths: {}, remarks: [] } : { path: null, problem };
  }
  const places = new Map<string, string>();
  const without: string[] = [];
  for (const { name } of group.hosts) {
    const path = prefixPath(config, prefix, name);
    if (path === null) without.push(name);
    else places.set(hostNameFrom(text(name)), `${path}${rest}`);
  }
  if (places.size === 0) return { path: null, problem: `prefix ${text(prefix)} is on no host of the group` };
  for (const path of places.values()) {
    const problem = pathProblem(path);
    if (problem !== null) return { path: null, problem: `${text(path)} ${problem}` };
  }
  const common = mostFrequent([...places.values()]);
  const paths = [...places].filter(([, path]) => path !== common).map(([host, path]) => [host, text(path)]);
  const remarks = without.map(
    (host) => `prefix ${text(prefix)} is not on host ${text(host)}: there it would be ${text(common)}`,
  );
  return { path: text(common), paths: Object.fromEntries(paths), remarks };
}

/** `%prefix%/rest` in its two parts. */
export function splitName(name: string): { prefix: string | null; rest: string } {
  const [, prefix = null, rest = name] = /^%([^%]*)%(\/.*)?$/s.exec(name) ?? [];
  return { prefix, rest: prefix !== null && rest === name ? '' : rest };
}

function pathProblem(path: string): string | null {
  if (!path.startsWith('/')) return 'is not below a prefix that is written as %NAME%';
  if (!isUtf8(Buffer.from(path, 'latin1'))) return 'is not UTF-8 text, as paths in csyncd.yaml are';
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'has control characters';
  const names = path.split('/').slice(1);
  return names.some((name) => ['', '.', '..'].includes(name))
    ? 'never matches: it has an empty, "." or ".." part'
    : null;
}

function kindOfName(
  config: Csync2Config,
  group: Csync2Group,
  { kindOf }: Csync2Source,
  name: string,
): ReturnType<KindOf> {
  const { prefix, rest } = splitName(name);
  if (prefix === null) return kindOf(name);
  // Which host this is does not matter: only the kind is asked for.
  const paths = group.hosts
    .map((host) => prefixPath(config, prefix, host.name))
    .filter((path) => path !== null);
  const kinds = paths.map((path) => kindOf(`${path}${rest}`));
  return kinds.find((kind) => kind !== 'absent') ?? 'absent';
}

function nameOf(root: string): string {
  const { prefix, rest } = splitName(root);
  const last = rest.slice(rest.lastIndexOf('/') + 1);
  return last === '' ? (prefix ?? '') : last;
}

function compareRemarks(group: Csync2Group): Remark[] {
  return group.patterns
    .filter(({ written }) => written === 'compare')
    .map(({ kind, pattern, at }) =>
      remark(
        at,
        kind === 'compare'
          ? `compare ${text(pattern)}: is for csync2 -o and -T only; csyncd verify compares mappings`
          : `compare ${text(pattern)}: csync2 takes all but the last of a compare line for includes, and so it is one here`,
      ),
    );
}

function globalRemarks(config: Csync2Config): Remark[] {
  const remarks: Remark[] = [];
  for (const { from, to, at } of config.nossl)
    remarks.push(remark(at, `nossl ${text(from)} ${text(to)}: csyncd always encrypts`));
  const owners = new Set(config.ignore.map(({ what }) => what));
  for (const { what, at } of config.ignore) {
    if (what === 'mod')
      remarks.push(remark(at, 'ignore mod: csyncd has no counterpart; modes are synchronized'));
    else if (!owners.has('uid') || !owners.has('gid'))
      remarks.push(remark(at, `ignore ${what}: csyncd ignores both owner and group (owner: ignore) or none`));
  }
  const settings = [
    ['database', config.database, 'csyncd keeps its own below state_dir'],
    ['tempdir', config.tempdir, 'csyncd writes temporaries to .csyncd/ of the mapping'],
    ['lock-timeout', config.lockTimeout, 'csyncd has no such lock'],
  ] as const;
  for (const [word, setting, why] of settings) {
    if (setting !== null) remarks.push(remark(setting.at, `${word} ${text(setting.value)}: ${why}`));
  }
  return remarks;
}

export function remark({ file, line }: At, message: string): Remark {
  return { file, line, message };
}

function mostFrequent(values: readonly string[]): string {
  const count = (value: string): number => values.filter((other) => other === value).length;
  return values.reduce((best, value) => (count(value) > count(best) ? value : best));
}

/** A byte string as text. What is not UTF-8 is refused before where it matters. */
export function text(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
