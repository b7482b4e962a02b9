/** The resolved config in the form of the file, with every default: what `config show` prints. Reads back as the same. */
import { printDuration } from '../util/durations.ts';
import { printSize } from '../util/sizes.ts';
import { printEndpoint } from './endpoint.ts';
import type { Action, Config, Csync2Options, Group, Host, Mapping } from './model.ts';

type Plain = Record<string, unknown>;

export function showConfig(config: Config): Plain {
  return {
    node: config.node,
    listen: printEndpoint(config.listen),
    state_dir: config.stateDir,
    control_socket: config.controlSocket,
    ...(config.metrics === null ? {} : { metrics: printEndpoint(config.metrics) }),
    log: { ...config.log },
    limits: {
      send_rate: printSize(config.limits.sendRate),
      receive_rate: printSize(config.limits.receiveRate),
    },
    ...(config.tls === null ? {} : { tls: { ...config.tls } }),
    groups: Object.fromEntries(config.groups.map((group) => [group.name, showGroup(group)])),
  };
}

function showGroup(group: Group): Plain {
  if (group.csync2 !== null && group.csync2.configFile !== null) return showForeign(group, group.csync2);
  return {
    key_file: group.keyFile,
    hosts: group.hosts.map((host) => showHost(host, group)),
    backend: group.backend,
    auto: group.auto,
    backup: { generations: group.backup.generations, keep: printDuration(group.backup.keepMs) },
    mappings: Object.fromEntries(group.mappings.map((mapping) => [mapping.name, showMapping(mapping)])),
    actions: group.actions.map(showAction),
    ...(group.csync2 === null ? {} : { csync2: showCsync2(group.csync2) }),
  };
}

/** What its csync2.cfg says must not be repeated. */
function showForeign(group: Group, csync2: Csync2Options): Plain {
  const {
    config_dir: _dir,
    config_name: _name,
    no_ssl: _ssl,
    lock_timeout: _lock,
    ...rest
  } = showCsync2(csync2);
  const times = ({ name, ...mapping }: Mapping): [string, Plain] => {
    const { delay, max_delay, rescan, max_delete } = showMapping({ name, ...mapping });
    return [name, { delay, max_delay, rescan, max_delete }];
  };
  return {
    backend: group.backend,
    csync2: { config_file: csync2.configFile, ...rest },
    mappings: Object.fromEntries(group.mappings.map(times)),
  };
}

function showHost({ name, address, port, role }: Host, { backend }: Group): Plain {
  return { name, address, ...(backend === 'csync2' ? {} : { port }), role };
}

function showMapping(mapping: Mapping): Plain {
  return {
    path: mapping.path,
    paths: { ...mapping.paths },
    exclude: [...mapping.exclude],
    include: [...mapping.include],
    delay: printDuration(mapping.delayMs),
    max_delay: printDuration(mapping.maxDelayMs),
    rescan: printDuration(mapping.rescanMs),
    durability: mapping.durability,
    owner: mapping.owner,
    max_delete: `${mapping.maxDeletePercent}%`,
  };
}

function showAction({ name, pattern, exec, where, timeoutMs }: Action): Plain {
  return { name, pattern: [...pattern], exec: [...exec], where, timeout: printDuration(timeoutMs) };
}

function showCsync2(options: Csync2Options): Plain {
  return {
    binary: options.binary,
    config_dir: options.configDir,
    ...(options.configName === null ? {} : { config_name: options.configName }),
    database_dir: options.databaseDir,
    port: options.port,
    listener: options.listener,
    no_ssl: options.noSsl,
    lock_timeout: printDuration(options.lockTimeoutMs),
    args: [...options.args],
  };
}
