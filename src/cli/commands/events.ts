/** `events [--follow] [--since T]`: the audit trail, one event a line. */
import type { EventLine } from '../../control/client.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { pathText } from '../paths.ts';

export async function events(
  context: Context,
  options: { follow?: boolean; since?: number },
): Promise<ExitCode> {
  const client = await context.client();
  const request = { since: options.since ?? null, follow: options.follow === true };
  for await (const event of client.stream('events', request, context.signal)) {
    if (context.json) printJson(context, event);
    else context.out(eventText(event));
  }
  return EXIT.ok;
}

/** Exported for the demonstration. */
export function eventText(event: EventLine): string {
  const { time, group, mapping, what, node, result } = event;
  return `${time}  ${what} by ${node}  ${group}/${mapping}:${pathText(event)}  ${result}\n`;
}
