/** `keygen [FILE]`: a new group key. Without FILE, the key of each group in the config that has none yet. */
import { existsSync } from 'node:fs';
import { writeGroupKey } from '../../config/key.ts';
import { loadConfig } from '../../config/load.ts';
import { CsyncdError } from '../../util/errors.ts';
import { printJson, type Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';

export function keygen(context: Context, file: string | undefined): ExitCode {
  const files = file === undefined ? missingKeys(context.config) : [file];
  for (const file of files) writeGroupKey(file);
  if (context.json) printJson(context, { key_files: files });
  else context.out(files.map((file) => `${file}\n`).join(''));
  return EXIT.ok;
}

function missingKeys(config: string): string[] {
  const loaded = loadConfig(config);
  if (!loaded.ok) {
    throw new CsyncdError('no-config', `the config ${config} does not say where a key belongs`, {
      hint: 'name the file: csyncd keygen FILE; or see csyncd config check',
    });
  }
  const files = [...new Set(loaded.config.groups.map((group) => group.keyFile))];
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) return missing;
  throw new CsyncdError('key-exists', `every group has its key already: ${files.join(', ')}`, {
    hint: 'a key in use must not be lost: move it away first, or name another file',
  });
}
