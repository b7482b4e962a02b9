/** `approve MAPPING`, `reject MAPPING`: releases or undoes a held mass deletion. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export async function decide(
  context: Context,
  what: 'approve' | 'reject',
  mapping: string,
): Promise<ExitCode> {
  const client = await context.client();
  await client.call(what, { mapping }, context.signal);
  if (context.json) printJson(context, { decided: what });
  else if (what === 'approve') context.out(`${mapping}: what was held goes to the peers\n`);
  else context.out(`${mapping}: what was held is undone from the peers' state\n`);
  return EXIT.ok;
}
