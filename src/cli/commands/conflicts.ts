/** `conflicts list | show PATH | resolve PATH --keep …`. */
import type { Conflict, ShownPath } from '../../control/client.ts';
import { CsyncdError } from '../../util/errors.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathArgument, pathText } from '../paths.ts';
import { agoText, sizeText, table, timeText } from '../table.ts';

export async function listConflicts(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const conflicts = await client.call('conflicts', {});
  if (context.json) printJson(context, conflicts);
  else if (conflicts.length === 0) context.out('no conflicts\n');
  else {
    const rows = conflicts.map((conflict) => [
      `${conflict.group}/${conflict.mapping}:${pathText(conflict)}`,
      agoText(conflict.since),
      conflict.versions.map(({ node, deleted }) => (deleted ? `${node} (deleted)` : node)).join(', '),
    ]);
    context.out(table([['PATH', 'SINCE', 'VERSIONS OF'], ...rows]));
  }
  return EXIT.ok;
}

export async function showConflict(context: Context, path: string): Promise<ExitCode> {
  const client = await context.client();
  const asked = pathArgument(path);
  const { group, mapping, ...place } = await client.call('explain', asked);
  const conflicts = await client.call('conflicts', {});
  const found = conflicts.find(
    (conflict) => conflict.group === group && conflict.mapping === mapping && samePath(conflict, place),
  );
  if (found === undefined) {
    throw new CsyncdError('no-conflict', `${pathText(asked)} is not in conflict`, {
      hint: 'csyncd conflicts list shows those that are',
    });
  }
  if (context.json) printJson(context, found);
  else context.out(conflictText(found));
  return EXIT.ok;
}

export async function resolveConflict(
  context: Context,
  path: string,
  options: { keep: string },
): Promise<ExitCode> {
  const client = await context.client();
  await client.call('resolve', { ...pathArgument(path), keep: options.keep });
  if (context.json) printJson(context, { resolved: true });
  else context.out('resolved; the other versions go to the backup of the nodes that had them\n');
  return EXIT.ok;
}

function samePath(a: ShownPath, b: ShownPath): boolean {
  return a.path_base64 === b.path_base64 && a.path === b.path;
}

function conflictText(conflict: Conflict): string {
  const head = `${conflict.group}/${conflict.mapping}:${pathText(conflict)}, since ${timeText(conflict.since)}\n`;
  const rows = conflict.versions.map(({ id, node, time, size, mode, sha256, deleted }) =>
    deleted
      ? [id, node, timeText(time), 'deleted']
      : [id, node, timeText(time), sizeText(size), mode, sha256?.slice(0, 16) ?? '-'],
  );
  return head + table([['VERSION', 'NODE', 'TIME', 'SIZE', 'MODE', 'SHA-256'], ...rows], 2);
}
