/** The checked file as this node sees it: the groups that it is a host of, and where its directories are. */
import { csync2Options } from './csync2-options.ts';
import { pathOn } from './directories.ts';
import { hostsOf } from './hosts.ts';
import type { Action, Config, Group, Mapping } from './model.ts';
import type { ConfigFile, GroupSection, MappingSection } from './schema.ts';

const DEFAULT_MAX_DELAY_MS = 2000;

type Roots = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** @param roots of the groups with a config_file: mapping → its directory as csync2 names it */
export function resolveConfig(
  file: ConfigFile,
  node: string,
  files: readonly string[],
  roots: Roots = new Map(),
): Config {
  return {
    node,
    listen: file.listen,
    stateDir: file.state_dir,
    controlSocket: file.control_socket,
    metrics: file.metrics ?? null,
    log: file.log,
    limits: { sendRate: file.limits.send_rate, receiveRate: file.limits.receive_rate },
    tls: file.tls ?? null,
    groups: Object.entries(file.groups).flatMap(([name, group]) =>
      resolveGroup(file, name, group, node, roots),
    ),
    files,
  };
}

function resolveGroup(
  file: ConfigFile,
  name: string,
  group: GroupSection,
  node: string,
  roots: Roots,
): Group[] {
  const hosts = hostsOf(group);
  const self = hosts.find((host) => host.name === node);
  if (self === undefined) return [];
  return [
    {
      name,
      keyFile: group.key_file,
      hosts,
      role: self.role,
      backend: group.backend,
      auto: group.auto,
      backup: { generations: group.backup.generations, keepMs: group.backup.keep },
      mappings: Object.entries(group.mappings).map(([key, mapping]) => resolveMapping(key, mapping, node)),
      actions: group.actions.map(resolveAction),
      csync2:
        group.backend === 'csync2'
          ? { ...csync2Options(file, name, group), roots: roots.get(name) ?? {} }
          : null,
    },
  ];
}

function resolveMapping(name: string, mapping: MappingSection, node: string): Mapping {
  return {
    name,
    path: pathOn(mapping, node),
    paths: { ...mapping.paths },
    exclude: mapping.exclude,
    include: mapping.include,
    delayMs: mapping.delay,
    maxDelayMs: mapping.max_delay ?? Math.max(DEFAULT_MAX_DELAY_MS, mapping.delay),
    rescanMs: mapping.rescan,
    durability: mapping.durability,
    owner: mapping.owner,
    maxDeletePercent: mapping.max_delete,
  };
}

function resolveAction({ timeout, ...action }: GroupSection['actions'][number]): Action {
  return { ...action, timeoutMs: timeout };
}
