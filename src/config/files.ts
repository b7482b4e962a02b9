/** The main file and its fragments, read and parsed. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '../util/errors.ts';
import { parseYaml } from './document.ts';
import type { Fault } from './fault.ts';
import type { Tree } from './tree.ts';

const STDIN = '-';

export interface ReadFiles {
  /** the main file first; only those that could be parsed */
  readonly trees: readonly Tree[];
  readonly files: readonly string[];
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** `fragments` is the directory of fragments; it need not exist. Standard input (`-`) has none beside it. */
export function readConfigFiles(main: string, fragments: string | undefined): ReadFiles {
  const dir = fragments ?? (main === STDIN ? null : join(dirname(main), 'conf.d'));
  const { files: more, faults, warnings } = dir === null ? nothing : listFragments(dir);
  const trees: Tree[] = [];
  const files = [main, ...more];
  const found: Fault[] = [...faults];
  for (const file of files) {
    const shown = file === STDIN ? '(standard input)' : file;
    try {
      const parsed = parseYaml(shown, readFileSync(file === STDIN ? 0 : file));
      found.push(...parsed.faults);
      if (parsed.tree !== null) trees.push(parsed.tree);
    } catch (error) {
      found.push(unreadable(shown, error));
    }
  }
  return { trees, files, faults: found, warnings };
}

const nothing = { files: [], faults: [], warnings: [] };

function listFragments(dir: string): { files: string[]; faults: Fault[]; warnings: Fault[] } {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => !name.startsWith('.'));
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? nothing : { ...nothing, faults: [unreadable(dir, error)] };
  }
  // By code units: the same order in every locale.
  const files = names.filter((name) => name.endsWith('.yaml')).sort();
  const misnamed = names.filter((name) => name.endsWith('.yml')).sort();
  return {
    files: files.map((name) => join(dir, name)),
    faults: [],
    warnings: misnamed.map((name) => ({
      ...whole(join(dir, name)),
      message: 'is ignored: a fragment ends in .yaml',
      hint: 'rename it',
    })),
  };
}

function unreadable(file: string, error: unknown): Fault {
  const reasons: Record<string, [string, string]> = {
    ENOENT: ['there is no such file', 'give another one with --config FILE'],
    EACCES: ['cannot be read: permission denied', 'it must be readable by the user that csyncd runs as'],
    EISDIR: ['is a directory', 'give the file with --config FILE'],
    ENOTDIR: ['is not a directory', 'fragments are files in the directory conf.d'],
  };
  const [message, hint] = reasons[codeOf(error) ?? ''] ?? [`cannot be read: ${messageOf(error)}`, null];
  return { ...whole(file), message, hint };
}

function whole(file: string): { file: string; line: null; column: null } {
  return { file, line: null, column: null };
}
