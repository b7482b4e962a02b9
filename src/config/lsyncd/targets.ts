/** Where a sync copies to: the host and the directory on it. */
import { textOf, type Sync } from './syncs.ts';

export interface Target {
  readonly host: string;
  readonly path: string;
}

export type FoundTarget =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'none'; readonly problem: string };

export function targetOf({ layer, table }: Sync): FoundTarget {
  const none = (problem: string): FoundTarget => ({ kind: 'none', problem });
  const field = (name: string): string | null => textOf(table.fields.get(name));
  if (layer.kind === 'rsyncssh') {
    const [host, path] = [field('host'), field('targetdir')];
    if (host === null || path === null) return none('only Lua knows its host or targetdir');
    return remote(host, path);
  }
  const target = field('target');
  if (target === null) return none('only Lua knows its target');
  const [, host, colon = '', path = ''] =
    /^([^/:]+|\[[^\]]+\]|[^/:]*@\[[^\]]+\])(::?)(.*)$/.exec(target) ?? [];
  if (host === undefined && !target.startsWith('rsync://'))
    return none(`copies to ${target} on the same machine, and csyncd synchronizes between machines`);
  if (host === undefined || colon === '::')
    return none(`${target} is a module of an rsync daemon: its path stands in the target's rsyncd.conf`);
  return remote(host, path);
}

function remote(written: string, path: string): FoundTarget {
  const host = written.slice(written.lastIndexOf('@') + 1).replaceAll(/^\[|\]$/g, '');
  if (!path.startsWith('/'))
    return {
      kind: 'none',
      problem: `${path === '' ? 'its target' : path} is below a home directory, and csyncd needs the whole path`,
    };
  const normal = `/${path
    .split('/')
    .filter((name) => name !== '')
    .join('/')}`;
  return { kind: 'target', target: { host, path: normal } };
}
