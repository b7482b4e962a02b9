/** `approve MAPPING`, `reject MAPPING`: releases or undoes a held mass deletion; approve also takes a new root. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export async function decide(
  context: Context,
  what: 'approve' | 'reject',
  mapping: string,
): Promise<ExitCode> {
  const client = await context.client();
  const { root, held } = await client.call(what, { mapping }, context.signal);
  if (context.json) printJson(context, { decided: what, root, held });
  else if (root) context.out(`${mapping}: the directory that is there is taken as its root\n`);
  else if (what === 'approve') context.out(`${mapping}: what was held goes to the peers\n`);
  else context.out(`${mapping}: what was held is undone from the peers' state\n`);
  if (root && held !== null && !context.json) context.out(`${mapping}: ${held}\n`);
  return EXIT.ok;
}
