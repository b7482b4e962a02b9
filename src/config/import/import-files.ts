/** Other programs' configs, read from files and made into one csyncd.yaml. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { CsyncdError, codeOf, messageOf } from '../../util/errors.ts';
import { importCsync2 } from '../csync2/import.ts';
import type { ReadInclude } from '../csync2/lexer.ts';
import { parseCsync2Config } from '../csync2/parser.ts';
import type { Fault } from '../fault.ts';
import { importLsyncd, type LsyncdDraft } from '../lsyncd/import.ts';
import { readLua } from '../lsyncd/lua.ts';
import type { ReadText } from '../lsyncd/rules.ts';
import { assemble } from './assemble.ts';
import { joinLsyncd, type Csync2Draft } from './join.ts';
import { kindOf } from './kind-of.ts';
import { plainConfig, remarksOf, writeDraft } from './write.ts';

export interface Imported {
  /** the csyncd.yaml; null when no file had anything to import */
  readonly yaml: string | null;
  /** the same as plain data */
  readonly config: unknown;
  readonly warnings: readonly Fault[];
  /** files that could not be read; the others are imported all the same */
  readonly faults: readonly Fault[];
}

/** Where csync2 and its keys are, unless the file itself lies elsewhere. */
const SYSTEM_DIR = '/etc';
const STDIN = '-';

/**
 * @param files csync2.cfg and lsyncd.conf.lua, several together; `-` is standard input
 * @param host the name of this machine, which lsyncd's configs do not say
 */
export function importFiles(files: readonly string[], host: string = hostname()): Imported {
  const csync2: Csync2Draft[] = [];
  const lsyncd: LsyncdDraft[] = [];
  const faults: Fault[] = [];
  for (const file of files) {
    try {
      const bytes = readFileSync(file === STDIN ? 0 : file, 'latin1');
      if (isLsyncd(file, bytes)) lsyncd.push(fromLsyncd(file, bytes, host));
      else csync2.push(fromCsync2(file, bytes));
    } catch (error) {
      faults.push(faultOf(file, error));
    }
  }
  const draft = assemble([...joinLsyncd(csync2, lsyncd), ...lsyncd]);
  const warnings = remarksOf(draft).map((remark) => ({ ...remark, column: null, hint: null }));
  if (draft.groups.length === 0) {
    return { yaml: null, config: null, warnings, faults: faults.length > 0 ? faults : [nothingIn(files)] };
  }
  return { yaml: writeDraft(draft, files.map(shown)), config: plainConfig(draft), warnings, faults };
}

function isLsyncd(file: string, text: string): boolean {
  if (/\.(lua|cfg)$/.test(file)) return file.endsWith('.lua');
  return /^\s*(--|settings\b|sync\s*[{(])/m.test(text);
}

function fromCsync2(file: string, bytes: string): Csync2Draft {
  const config = parseCsync2Config(shown(file), bytes, readInclude);
  const systemDir = file === STDIN ? SYSTEM_DIR : dirname(resolve(file));
  const name = configName(file);
  return { name, draft: importCsync2(config, { name, systemDir, kindOf }) };
}

function fromLsyncd(file: string, bytes: string, host: string): LsyncdDraft {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return importLsyncd(readLua(text), { file: shown(file), host, read: readText });
}

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

/** As csync2 does: a path that is not absolute is taken from the working directory. */
const readInclude: ReadInclude = (path) => {
  try {
    return readFileSync(Buffer.from(path, 'latin1'), 'latin1');
  } catch {
    return null;
  }
};

/** NAME of `csync2_NAME.cfg`. */
function configName(file: string): string | null {
  return /^csync2_(.+)\.cfg$/.exec(basename(file))?.[1] ?? null;
}

function shown(file: string): string {
  return file === STDIN ? '(standard input)' : file;
}

function faultOf(file: string, error: unknown): Fault {
  const place = { file: shown(file), line: null, column: null };
  if (error instanceof CsyncdError) {
    const [, at = shown(file), line = null, message = error.message] =
      /^(.*?):(\d+): (.*)$/s.exec(error.message) ?? [];
    return { file: at, line: line === null ? null : Number(line), column: null, message, hint: error.hint };
  }
  const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : `cannot be read: ${messageOf(error)}`;
  return { ...place, message: reason, hint: null };
}

function nothingIn(files: readonly string[]): Fault {
  const message = 'nothing in it can be imported';
  return { file: files.map(shown).join(', '), line: null, column: null, message, hint: null };
}
