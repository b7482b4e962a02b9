/** One daemon per state directory. The lock is the kernel's: it goes with the process, however that ends. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CsyncdError, codeOf } from '../../../util/errors.ts';
import { guarded } from './statement.ts';

export interface StateLock {
  release(): void;
}

/** Node has no flock; the exclusive lock of an empty SQLite database serves. Throws `state-in-use`. */
export function lockStateDir(dir: string): StateLock {
  const file = join(dir, 'lock');
  const database = guarded(file, () => new DatabaseSync(file));
  try {
    guarded(file, () => database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'));
  } catch (error) {
    database.close();
    if (codeOf(error) !== 'state-busy') throw error;
    throw new CsyncdError('state-in-use', `another csyncd uses the state directory ${dir}`, {
      hint: `Stop it first (fuser ${file} names its process), or give this one a state_dir of its own.`,
      data: { dir },
      cause: error,
    });
  }
  return { release: () => database.close() };
}
