/** `backups list [PATH] | restore PATH --version V`. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathArgument, pathText } from '../paths.ts';
import { sizeText, table, timeText } from '../table.ts';

export async function listBackups(context: Context, path: string | undefined): Promise<ExitCode> {
  const client = await context.client();
  const backups = await client.call('backups', { of: path === undefined ? null : pathArgument(path) });
  if (context.json) printJson(context, backups);
  else if (backups.length === 0) context.out('no backups\n');
  else {
    const rows = backups.map((backup) => [
      backup.version,
      timeText(backup.time),
      sizeText(backup.size),
      `${backup.reason} by ${backup.node}`,
      `${backup.mapping}:${pathText(backup)}`,
    ]);
    context.out(table([['VERSION', 'KEPT AT', 'SIZE', 'WHY', 'PATH'], ...rows]));
  }
  return EXIT.ok;
}

export async function restoreBackup(
  context: Context,
  path: string,
  options: { version: string },
): Promise<ExitCode> {
  const client = await context.client();
  await client.call('restore', { ...pathArgument(path), version: options.version });
  if (context.json) printJson(context, { restored: true });
  else context.out('restored; it goes to the peers as a new edit\n');
  return EXIT.ok;
}
