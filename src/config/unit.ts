/** The systemd drop-in that a config needs: the unit may write nowhere but where this says. */
import { dirname } from 'node:path';
import type { Config } from './model.ts';

/** What the unit itself allows (StateDirectory, RuntimeDirectory). */
const GIVEN = ['/var/lib/csyncd', '/run/csyncd'];

export function systemdDropIn(config: Config): string {
  const roots = unique(config.groups.flatMap((group) => group.mappings.map((mapping) => mapping.path)));
  const own = unique([
    config.stateDir,
    dirname(config.controlSocket),
    ...config.groups.flatMap(({ csync2 }) => (csync2 === null ? [] : [csync2.configDir, csync2.databaseDir])),
  ]).filter((path) => !GIVEN.some((given) => isInside(path, given)));
  const unit = ['[Unit]', ...roots.map((path) => `RequiresMountsFor=${quote(path)}`)];
  const service = [
    '[Service]',
    // `-`: a mapping whose directory is missing must not keep the others from starting.
    ...unique([...roots, ...own]).map((path) => `ReadWritePaths=${quote(`-${path}`)}`),
    ...relaxed(roots),
  ];
  return [
    '# csyncd config unit > /etc/systemd/system/csyncd.service.d/paths.conf',
    ...unit,
    '',
    ...service,
    '',
  ].join('\n');
}

/** The unit hides these trees; a mapping in one of them must be seen. */
function relaxed(roots: readonly string[]): string[] {
  const within = (...tops: string[]): boolean =>
    roots.some((root) => tops.some((top) => isInside(root, top)));
  return [
    ...(within('/home', '/root', '/run/user') ? ['ProtectHome=no'] : []),
    ...(within('/tmp', '/var/tmp') ? ['PrivateTmp=no'] : []),
  ];
}

function isInside(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)].sort();
}

/** As systemd.syntax(7) has it: `%` is doubled, and blanks, quotes and backslashes need quotes. */
function quote(path: string): string {
  const doubled = path.replaceAll('%', '%%');
  if (!/[\s"'\\]/.test(doubled)) return doubled;
  return `"${doubled.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
