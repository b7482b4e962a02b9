/** What a reload has to do: what came, went and changed between two configs of this node. */
import { isDeepStrictEqual } from 'node:util';
import type { Config, Group, Host, Mapping } from './model.ts';

export interface Changes<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly { readonly before: T; readonly after: T; readonly fields: readonly string[] }[];
}

export interface GroupDiff {
  readonly before: Group;
  readonly after: Group;
  /** of the group's own: keyFile, role, backend, auto, backup, csync2, actions */
  readonly fields: readonly string[];
  readonly hosts: Changes<Host>;
  /** the same hosts in another order, which decides under auto: left and right */
  readonly reordered: boolean;
  readonly mappings: Changes<Mapping>;
}

export interface ConfigDiff {
  /** nothing at all to do */
  readonly same: boolean;
  /** keys of the file that take effect only at the next start */
  readonly restart: readonly string[];
  readonly log: boolean;
  readonly limits: boolean;
  readonly groups: {
    readonly added: readonly Group[];
    readonly removed: readonly Group[];
    readonly changed: readonly GroupDiff[];
  };
}

const AT_START = [
  ['node', 'node'],
  ['listen', 'listen'],
  ['state_dir', 'stateDir'],
  ['control_socket', 'controlSocket'],
  ['metrics', 'metrics'],
  ['tls', 'tls'],
] as const;

/** Compares by value. The content of a key file is not part of a config: whoever reloads reads it again. */
export function diffConfig(before: Config, after: Config): ConfigDiff {
  const restart: string[] = AT_START.filter(
    ([, field]) => !isDeepStrictEqual(before[field], after[field]),
  ).map(([key]) => key);
  if (before.log.format !== after.log.format) restart.push('log.format');
  const { added, removed, changed } = changes(before.groups, after.groups);
  const groups = { added, removed, changed: changed.map((pair) => diffGroup(pair.before, pair.after)) };
  const log = before.log.level !== after.log.level;
  const limits = !isDeepStrictEqual(before.limits, after.limits);
  const parts = [restart, added, removed, changed];
  return { same: !log && !limits && parts.every((list) => list.length === 0), restart, log, limits, groups };
}

function diffGroup(before: Group, after: Group): GroupDiff {
  const fields = changedFields(before, after).filter((field) => field !== 'hosts' && field !== 'mappings');
  const hosts = changes(before.hosts, after.hosts);
  const names = (group: Group, others: Group): string[] =>
    group.hosts.map(({ name }) => name).filter((name) => others.hosts.some((other) => other.name === name));
  const reordered = !isDeepStrictEqual(names(before, after), names(after, before));
  return { before, after, fields, hosts, reordered, mappings: changes(before.mappings, after.mappings) };
}

function changes<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): Changes<T> {
  const old = new Map(before.map((item) => [item.name, item]));
  const kept = new Set(after.map((item) => item.name));
  return {
    added: after.filter((item) => !old.has(item.name)),
    removed: before.filter((item) => !kept.has(item.name)),
    changed: after.flatMap((item) => {
      const was = old.get(item.name);
      if (was === undefined) return [];
      const fields = changedFields(was, item);
      return fields.length === 0 ? [] : [{ before: was, after: item, fields }];
    }),
  };
}

function changedFields<T extends object>(before: T, after: T): string[] {
  const fields = Object.keys(after) as (keyof T & string)[];
  return fields.filter((field) => !isDeepStrictEqual(before[field], after[field]));
}
