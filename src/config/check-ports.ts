/** What this node listens on, and what several csync2 groups would share. */
import type { CheckContext } from './check.ts';
import { csync2Options } from './csync2-options.ts';
import { printEndpoint } from './endpoint.ts';
import { groupsOf, hostsOf } from './hosts.ts';
import type { Endpoint } from './model.ts';
import { showPath, type TreePath } from './tree.ts';

interface Listener extends Endpoint {
  readonly path: TreePath;
  /** one of another program, which may serve several groups */
  readonly external?: boolean;
}

export function checkPorts(context: CheckContext): void {
  if (!context.complete) return;
  const listeners = listenersOf(context);
  for (const [at, listener] of listeners.entries()) {
    const other = listeners.slice(0, at).find((earlier) => clash(earlier, listener));
    if (other === undefined) continue;
    const message = `${showPath(listener.path)} (${printEndpoint(listener)}) and ${showPath(other.path)} (${printEndpoint(other)}) are the same port`;
    context.fault(listener.path, message, 'give one of them another port');
  }
  checkCsync2Files(context);
  checkOwnPort(context);
}

function listenersOf(context: CheckContext): Listener[] {
  const { file } = context;
  const listeners: Listener[] = [];
  const groups = groupsOf(context.file, context.node);
  if (groups.some(([, group]) => group.backend === 'engine')) {
    listeners.push({ path: ['listen'], ...file.listen });
  }
  for (const [name, group] of groups) {
    if (group.backend !== 'csync2') continue;
    const { port, listener } = csync2Options(file, name, group);
    const path = ['groups', name, 'csync2', 'port'];
    listeners.push({ path, host: '0.0.0.0', port, external: listener === 'external' });
  }
  if (file.metrics !== undefined) listeners.push({ path: ['metrics'], ...file.metrics });
  return listeners;
}

function clash(a: Listener, b: Listener): boolean {
  if (a.external === true && b.external === true) return false;
  const everywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';
  return a.port === b.port && (a.host === b.host || everywhere(a.host) || everywhere(b.host));
}

/** Two groups must not write one csync2.cfg or one database. */
function checkCsync2Files(context: CheckContext): void {
  const owners = new Map<string, string>();
  for (const [name, group] of groupsOf(context.file, context.node)) {
    if (group.backend !== 'csync2') continue;
    const { configDir, databaseDir, configName } = csync2Options(context.file, name, group);
    for (const [key, dir] of [['config_dir', configDir] as const, ['database_dir', databaseDir] as const]) {
      const place = `${key} ${dir}, config_name ${configName ?? '(none)'}`;
      const owner = owners.get(place);
      if (owner === undefined) {
        owners.set(place, name);
        continue;
      }
      const message = `groups ${owner} and ${name} have the same csync2 files: ${place}`;
      context.fault(['groups', name, 'csync2', key], message, `give each its own ${key} or config_name`);
    }
  }
}

/** Others dial the port that the hosts list says. */
function checkOwnPort(context: CheckContext): void {
  const { listen } = context.file;
  for (const [name, group] of groupsOf(context.file, context.node)) {
    if (group.backend !== 'engine') continue;
    for (const [at, host] of hostsOf(group).entries()) {
      if (host.name !== context.node || host.port === listen.port) continue;
      const message = `peers dial ${host.name} at port ${host.port}, but this node listens on ${listen.port}`;
      context.warn(
        ['groups', name, 'hosts', at],
        message,
        'set its port in the hosts, unless something forwards it',
      );
    }
  }
}
