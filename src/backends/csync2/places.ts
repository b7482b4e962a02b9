/** Where a group's csync2 has its files on this node, and how csync2.cfg gets there. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { databaseFileOf } from '../../config/csync2/names.ts';
import type { Csync2Options } from '../../config/model.ts';
import { codeOf, CsyncdError, messageOf } from '../../util/errors.ts';

export interface Places {
  /** CSYNC2_SYSTEM_DIR: csync2.cfg and the TLS identity */
  readonly systemDir: string;
  /** the same for a run that no peer may hear of: the mapping is not in the config of the listener yet */
  readonly bootstrapDir: string;
  readonly configName: string | null;
  readonly databaseDir: string;
  readonly databaseFile: string;
}

/** @param host csync2's name of this node */
export function placesOf(
  { configFile, configDir, configName, databaseDir }: Csync2Options,
  host: string,
  own: string,
): Places {
  return {
    systemDir: configDir,
    bootstrapDir: configFile === null ? join(own, 'bootstrap') : configDir,
    configName,
    databaseDir,
    databaseFile: databaseFileOf({ configName, databaseDir }, host),
  };
}

export function configFileIn(dir: string, configName: string | null): string {
  return join(dir, configName === null ? 'csync2.cfg' : `csync2_${configName}.cfg`);
}

/** 0700, with what leads there. Throws a CsyncdError `csync2-files`. */
export function makePrivate(...dirs: readonly string[]): void {
  for (const dir of dirs) {
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw unusable(dir, error);
    }
  }
}

/**
 * Puts a file in place as a whole, mode 0600, and only when it differs. Throws a CsyncdError `csync2-files`.
 * @returns whether it differed
 */
export function writeWhole(file: string, content: string): boolean {
  const next = `${file}.new`;
  try {
    if (contentOf(file) === content) return false;
    const fd = openSync(next, 'w', 0o600);
    try {
      // One that was left behind keeps its own mode.
      fchmodSync(fd, 0o600);
      writeSync(fd, content, null, 'latin1');
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(next, file);
    return true;
  } catch (error) {
    rmSync(next, { force: true });
    throw unusable(file, error);
  }
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function unusable(place: string, error: unknown): CsyncdError {
  return new CsyncdError('csync2-files', `cannot write ${place}: ${messageOf(error)}`, {
    hint: 'let csyncd write there, or set config_dir and database_dir in the csync2 section',
    cause: error,
  });
}
