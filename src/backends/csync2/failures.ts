/** Why csync2 cannot run at all, for an operator. */
import { CsyncdError } from '../../util/errors.ts';

const INSTALL = 'apt-get install csync2, or set csync2: { binary: … } of the group';

/** @param code errno name */
export function startFailure(binary: string, code: string, message: string): CsyncdError {
  if (code === 'ENOENT') {
    return new CsyncdError('csync2-missing', `the csync2 binary is not there: ${binary}`, { hint: INSTALL });
  }
  return unusable(binary, message);
}

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
