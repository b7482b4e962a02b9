/** `pause | resume [--peer NODE] [MAPPING]`. */
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export async function pause(
  context: Context,
  what: 'pause' | 'resume',
  mapping: string | undefined,
  options: { peer?: string },
): Promise<ExitCode> {
  const client = await context.client();
  await client.call(what, { peer: options.peer ?? null, mapping: mapping ?? null });
  const done = what === 'pause' ? 'paused' : 'resumed';
  if (context.json) printJson(context, { [done]: true });
  else context.out(`${done}: ${subject(mapping, options.peer)}\n`);
  return EXIT.ok;
}

function subject(mapping: string | undefined, peer: string | undefined): string {
  if (peer !== undefined) return mapping === undefined ? `peer ${peer}` : `${mapping} with peer ${peer}`;
  return mapping ?? 'all mappings';
}
