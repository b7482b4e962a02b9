/**
 * Where the daemon listens, read from the config with as little as possible: the commands must work while the file has a
 * fault in it that the running daemon has not read yet, and they must start fast.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, CsyncdError } from '../util/errors.ts';

export const DEFAULT_CONFIG = '/etc/csyncd/csyncd.yaml';
const DEFAULT_SOCKET = '/run/csyncd/control.sock';

/** @param config the main file; only the default one may be missing or unreadable */
export async function controlSocketOf(config: string): Promise<string> {
  if (config !== DEFAULT_CONFIG) assertReadable(config);
  for (const file of [config, ...fragments(config)]) {
    const text = textOf(file);
    if (text === null || !text.includes('control_socket')) continue;
    const { parseDocument } = await import('yaml');
    const socket: unknown = parseDocument(text).get('control_socket');
    if (typeof socket === 'string') return socket;
  }
  return DEFAULT_SOCKET;
}

function assertReadable(config: string): void {
  try {
    accessSync(config, constants.R_OK);
  } catch (error) {
    const isThere = codeOf(error) !== 'ENOENT';
    throw new CsyncdError(
      'no-config',
      isThere ? `you may not read ${config}` : `there is no config ${config}`,
      { hint: isThere ? 'use sudo' : 'name the file that the daemon runs with', cause: error },
    );
  }
}

function fragments(config: string): string[] {
  const dir = join(dirname(config), 'conf.d');
  if (!existsSync(dir)) return [];
  try {
    const names = readdirSync(dir).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
    return names.sort().map((name) => join(dir, name));
  } catch {
    return [];
  }
}

// Unreadable for this user: the default may still be right, and the daemon decides who may use it.
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
