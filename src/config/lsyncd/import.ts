/**
 * An lsyncd config as groups of csyncd. A sync to another host is a group in which this node is full and the target takes
 * changes only; all syncs with the same targets share it. A sync that runs csync2 adds its times to the mappings that came from
 * the csync2.cfg which it names.
 */
import type { Draft, DraftGroup, DraftHost, DraftMapping, Remark } from '../import/draft.ts';
import { hostNameFrom } from '../import/names.ts';
import type { LuaFile } from './lua.ts';
import { settingsRemarks, syncRemarks } from './options.ts';
import { excludeList, type ReadText } from './rules.ts';
import { readSync, textOf, type Sync } from './syncs.ts';
import { targetOf, type Target } from './targets.ts';

export interface LsyncdSource {
  readonly file: string;
  /** the host that lsyncd runs on */
  readonly host: string;
  readonly read: ReadText;
}

export interface LsyncdDraft extends Draft {
  /** syncs that run csync2, whose hosts are elsewhere */
  readonly csync2: readonly Csync2Sync[];
}

export interface Csync2Sync {
  readonly file: string;
  readonly line: number;
  /** NAME of csync2_NAME.cfg; null for csync2.cfg */
  readonly config: string | null;
  readonly source: string;
  readonly maxDelay: string | null;
}

interface Copy {
  readonly sync: Sync;
  readonly source: string;
  readonly targets: Target[];
  readonly remarks: Remark[];
}

export function importLsyncd(lua: LuaFile, from: LsyncdSource): LsyncdDraft {
  const remarks: Remark[] = [];
  const csync2: Csync2Sync[] = [];
  const copies = new Map<string, Copy>();
  const say = (line: number, message: string): void => void remarks.push({ file: from.file, line, message });
  for (const call of lua.calls) {
    if (call.name === 'settings') {
      remarks.push(...settingsRemarks(call.table, from.file));
      continue;
    }
    const sync = readSync(call);
    const { layer, source, line } = sync;
    if (source === null || !source.startsWith('/')) {
      say(
        line,
        `sync: ${source === null ? 'only Lua knows its source' : `${source} is not an absolute path`}; it is left out`,
      );
    } else if (layer.kind === 'csync2' && layer.config !== undefined) {
      csync2.push({ file: from.file, line, config: layer.config, source, maxDelay: maxDelayOf(sync) });
    } else if (layer.kind === 'csync2' || layer.kind === 'own') {
      const what = layer.kind === 'csync2' ? 'which config of csync2 it uses' : 'what its own action does';
      say(line, `sync ${source}: only Lua knows ${what}; it is left out`);
    } else {
      const target = targetOf(sync);
      if (target.kind === 'none') say(line, `sync ${source}: ${target.problem}; it is left out`);
      else addCopy(copies, sync, source, target.target, from);
    }
  }
  for (const { line, what } of lua.skipped) say(line, `${what} is not read`);
  return { groups: groupsOf([...copies.values()], from), remarks, csync2 };
}

/** One directory belongs to one mapping, however many targets it has. */
function addCopy(
  copies: Map<string, Copy>,
  sync: Sync,
  source: string,
  target: Target,
  { file }: LsyncdSource,
): void {
  const known = copies.get(source);
  if (known === undefined) {
    copies.set(source, { sync, source, targets: [target], remarks: [] });
    return;
  }
  if (known.targets.some(({ host }) => host === target.host)) {
    const message = `sync ${source}: is copied to ${target.host} twice, and csyncd keeps it there once; this sync is left out`;
    known.remarks.push({ file, line: sync.line, message });
  } else known.targets.push(target);
  if (rulesText(known.sync) !== rulesText(sync)) {
    const message = `sync ${source}: has other rules than the sync in line ${known.sync.line}, and csyncd has one list for all; those hold`;
    known.remarks.push({ file, line: sync.line, message });
  }
}

function rulesText({ table }: Sync): string {
  const keys = ['exclude', 'excludeFrom', 'filter', 'filterFrom'];
  return JSON.stringify(
    keys.map((key) => table.fields.get(key)),
    (key, value: unknown) => (key === 'line' ? 0 : value),
  );
}

function groupsOf(copies: readonly Copy[], from: LsyncdSource): DraftGroup[] {
  const byTargets = Map.groupBy(copies, ({ targets }) =>
    targets
      .map(({ host }) => host)
      .toSorted()
      .join(' '),
  );
  return [...byTargets.values()].map((together) => groupOf(together, from));
}

function groupOf(copies: readonly Copy[], from: LsyncdSource): DraftGroup {
  const [first] = copies;
  const targets = first?.targets ?? [];
  const names = targets.map(({ host }) => hostNameFrom(host));
  const name = names.map((host) => host.split('.')[0] ?? host).join('-');
  const self: DraftHost = { name: hostNameFrom(from.host), address: null, role: 'full' };
  const receivers = targets.map(({ host }): DraftHost => {
    const valid = hostNameFrom(host);
    return { name: valid, address: valid === host ? null : host, role: 'receive' };
  });
  return {
    file: from.file,
    line: first?.sync.line ?? null,
    name: `to-${name}`,
    comments: [
      `one way, as lsyncd did it: ${self.name} sends, and ${names.join(', ')} must run csyncd too, with this same file`,
      'the key is new: `csyncd keygen` on one node, then copy it to the others; neither ssh nor rsyncd is used any more',
    ],
    remarks: [],
    keyFile: `/etc/csyncd/keys/to-${name.toLowerCase()}.key`,
    hosts: [self, ...receivers],
    auto: null,
    backupGenerations: null,
    mappings: copies.map((copy) => mappingOf(copy, from)),
    actions: [],
  };
}

function mappingOf({ sync, source, targets, remarks }: Copy, from: LsyncdSource): DraftMapping {
  const rules = excludeList(sync.table, from.file, from.read);
  const options = syncRemarks(sync, from.file);
  const elsewhere = targets.filter(({ path }) => path !== source);
  return {
    name: textOf(sync.table.fields.get('name')) ?? source.slice(source.lastIndexOf('/') + 1),
    comments: [],
    remarks: [...options.remarks, ...rules.remarks, ...remarks],
    path: source,
    paths: Object.fromEntries(elsewhere.map(({ host, path }) => [hostNameFrom(host), path])),
    exclude: rules.exclude,
    include: [],
    maxDelay: maxDelayOf(sync),
    ignoresOwner: options.ignoresOwner,
  };
}

/** lsyncd waits this long from the first change on, csyncd for a pause, and at most this long. */
function maxDelayOf({ table }: Sync): string | null {
  const seconds = Number(textOf(table.fields.get('delay')) ?? Number.NaN);
  if (!(seconds > 0)) return null;
  const ms = Math.max(100, Math.round(seconds * 1000));
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
