/** `reload`: rereads the config and returns when it is in force, or why not. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export async function reload(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const { changes, warnings } = await client.call('reload', {});
  for (const warning of warnings) context.err(`warning: ${warning}\n`);
  if (context.json) printJson(context, { changes, warnings });
  else if (changes.length === 0) context.out('nothing differs; keys were read again\n');
  else context.out(changes.map((change) => `${change}\n`).join(''));
  return EXIT.ok;
}
