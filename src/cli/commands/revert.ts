/** `revert MAPPING`: on a receive node, puts the cluster's state back. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { countText } from '../table.ts';

export async function revert(context: Context, mapping: string): Promise<ExitCode> {
  const client = await context.client();
  const answer = await client.call('revert', { mapping }, context.signal);
  if (context.json) printJson(context, answer);
  else context.out(`${mapping}: ${countText(answer.reverted)} local edits put aside (csyncd backups list)\n`);
  return EXIT.ok;
}
