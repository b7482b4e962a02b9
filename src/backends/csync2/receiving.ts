/** What the listener tells of peers' sessions. */
import { existsSync } from 'node:fs';
import type { Logger } from '../../util/log.ts';
import type { GroupRun } from './group-run.ts';
import type { ListenerEvent } from './listener-output.ts';

export function hear(run: GroupRun, log: Logger, event: ListenerEvent): void {
  if (event.kind === 'connected') heardOf(run, event.address);
  else if (event.kind === 'updated') applied(run, event.name, event.peer);
  else if (event.kind === 'problem')
    log.warn({ hint: event.problem.remedy }, `csync2's listener: ${event.problem.message}`);
  else if (event.kind === 'disk') log.warn(`csync2's listener: ${event.message}`);
}

/** One that was down is back. */
function heardOf(run: GroupRun, address: string): void {
  const caller = run.others.find(({ host }) => host === address);
  if (caller === undefined) return;
  const lane = run.sending.lane(caller.node);
  if (lane.status().state === 'down') lane.hurry();
}

/** csync2 says the same of a file that it has put in place and of one that it has removed. */
function applied(run: GroupRun, name: string, peer: string): void {
  const node = run.others.find(({ host }) => host === peer)?.node ?? peer;
  for (const mapping of run.mappings) {
    const path = mapping.pathOf(name);
    if (path === null) continue;
    run.meetings.agreed(mapping, node, new Set([name]));
    run.decided.givenUp.end(mapping, [name]);
    const isThere = existsSync(Buffer.from(mapping.fileOf(path), 'latin1'));
    run.audit(mapping, path, isThere ? 'changed' : 'deleted', 'applied', node);
  }
}
