/** Why csync2 cannot run at all, for an operator. */
import { CsyncdError } from '../../util/errors.ts';

const INSTALL = 'apt-get install csync2, or set csync2: { binary: … } of the group';

/** How a process ended, or that it never began. */
interface Ended {
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly shortMessage?: string | undefined;
}

/** The error when there was no csync2 to run, at once or below xargs or setpriv; null when it did run. */
export function startFailure(binary: string, ended: Ended): CsyncdError | null {
  const code = NOT_RUN[ended.exitCode ?? 0] ?? (ended.exitCode === undefined ? ended.code : undefined);
  if (code === undefined) return null;
  if (code !== 'ENOENT') return unusable(binary, ended.shortMessage ?? code);
  return new CsyncdError('csync2-missing', `the csync2 binary is not there: ${binary}`, { hint: INSTALL });
}

/** What a program says that is to run another and finds none, or none that it may run. */
const NOT_RUN: Readonly<Record<number, string>> = { 126: 'EACCES', 127: 'ENOENT' };

export function unusable(binary: string, problem: string): CsyncdError {
  return new CsyncdError('csync2-unusable', `${binary} cannot be used as csync2: ${problem}`, {
    hint: INSTALL,
  });
}

export function tooOld(binary: string, version: string): CsyncdError {
  return new CsyncdError('csync2-too-old', `${binary} is csync2 ${version}; at least 2.0 is needed`, {
    hint: 'install a newer csync2 on this node and on its peers, or set csync2: { binary: … } of the group',
  });
}

export function csync2Locked(file: string): CsyncdError {
  return new CsyncdError('csync2-locked', `${file} is there, with which csync2 refuses to do anything`, {
    hint: `somebody made it to stop csync2, as for a maintenance; when that is over: rm ${file}`,
  });
}

export function csync2Busy(databaseDir: string): CsyncdError {
  return new CsyncdError('csync2-busy', `csync2’s database in ${databaseDir} stays locked by somebody else`, {
    hint: 'find who has it open with fuser, such as a cron job that runs csync2; or raise csync2: { lock_timeout: … }',
  });
}

/** @param lines what csync2 printed before it ended */
export function listenerEnded(place: string, lines: readonly string[]): CsyncdError {
  const text = lines.join('\n');
  if (text.includes('Address already in use')) {
    return new CsyncdError('csync2-port-taken', `somebody else listens on ${place}`, {
      hint: 'see who: ss -ltnp; when it is csync2 itself, from inetd or csync2.socket, stop that or set csync2: { listener: external }',
    });
  }
  if (/Cannot assign requested address|getaddrinfo/.test(text)) {
    return new CsyncdError('csync2-address', `this node has no such address: ${place}`, {
      hint: 'set `address` of this node in the group’s hosts to an address of it',
    });
  }
  const said = lines.length === 0 ? 'it said nothing' : `it said: ${lines.join('; ')}`;
  return new CsyncdError('csync2-listener', `csync2’s listener on ${place} ended; ${said}`, {
    hint: 'it is started again; when it keeps ending, run it by hand: csync2 -ii -v',
  });
}

export function databaseLost(): CsyncdError {
  return new CsyncdError(
    'csync2-database-lost',
    'csync2’s database was removed, or replaced by another one',
    {
      hint: 'the tree is recorded anew by itself, and compared with the peers',
    },
  );
}
