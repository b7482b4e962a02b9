/** `sync`: look at these paths now; with --wait, until every peer has acknowledged them. */
import type { SyncAnswer } from '../../control/client.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathArgument, pathText } from '../paths.ts';
import { countText, firstOf } from '../table.ts';

export async function sync(
  context: Context,
  paths: readonly string[],
  options: { wait?: boolean; timeout: number },
): Promise<ExitCode> {
  const client = await context.client();
  const request = {
    paths: paths.map(pathArgument),
    wait: options.wait === true,
    timeout_ms: options.timeout,
  };
  const answer = await client.call('sync', request, context.signal);
  if (context.json) printJson(context, answer);
  else context.out(syncText(answer, request.wait));
  if (answer.failed.length > 0) return EXIT.failed;
  return answer.complete ? EXIT.ok : EXIT.unavailable;
}

function syncText({ complete, changed, failed, waiting }: SyncAnswer, wait: boolean): string {
  const lines = [`${countText(changed)} changes found`];
  for (const { group, mapping, reason } of failed) lines.push(`${group}/${mapping}: ${reason}`);
  for (const { group, peer, count, paths } of waiting) {
    lines.push(`${peer} (${group}) has not acknowledged${paths.length === 0 ? '' : ':'}`);
    lines.push(...firstOf(paths.map(pathText), count).map((line) => `  ${line}`));
  }
  if (complete && wait) lines.push('every peer has acknowledged');
  return `${lines.join('\n')}\n`;
}
