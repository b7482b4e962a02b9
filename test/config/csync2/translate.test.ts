/** What an import selects, against what csync2 itself selects. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCsync2Config } from '../../../src/config/csync2/parser.ts';
import { findRoots, type KindOf } from '../../../src/config/csync2/roots.ts';
import { translatePatterns, type Note } from '../../../src/config/csync2/translate.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import { compared, recorded, withoutCsync2 } from '../../kit/csync2-program.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { kindOf } from '../../../src/config/import/kind-of.ts';
import { makeTree, statements } from './generated.ts';

const tree = makeTempDir();
makeTree(tree);

interface Selected {
  readonly files: string[];
  readonly directories: string[];
  readonly notes: readonly Note[];
  readonly roots: readonly string[];
}

/** Where a name is on the disk: `%p%` is the tree. */
const onDisk = (name: string): string => name.replace(/^%p%/, tree);
const kindOfName: KindOf = (name) => kindOf(onDisk(name));

/** What the mappings of an import select below their directories. */
function selected(text: string): Selected {
  const [group] = parseCsync2Config('csync2.cfg', text, () => null).groups;
  assert.ok(group);
  const patterns = group.patterns.filter(({ kind }) => kind !== 'compare');
  const { names } = findRoots(patterns, kindOfName);
  const result = { files: [] as string[], directories: [] as string[], notes: [] as Note[], roots: names };
  for (const root of names) {
    const { rules, notes } = translatePatterns(patterns, root);
    result.notes.push(...notes);
    if (rules === null) continue;
    const selection = compileSelection(rules);
    const walk = (path: string): void => {
      if (!selection.enters(path)) return;
      for (const entry of readdirSync(join(onDisk(root), path), { withFileTypes: true })) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        if (selection.selects(below, entry.isDirectory()))
          result[entry.isDirectory() ? 'directories' : 'files'].push(join(root, below));
        if (entry.isDirectory()) walk(below);
      }
    };
    if (kindOfName(root) === 'directory') walk('');
  }
  return result;
}

/** Compares; the directory of a mapping itself is not compared. */
function compare(text: string, real: readonly string[]): 'same' | 'directories' | 'wider' | 'unsayable' {
  const { files, directories, notes, roots } = selected(text);
  const kinds = new Set(notes.map(({ kind }) => kind));
  if (kinds.has('unsayable')) return 'unsayable';
  const below = real.filter((name) => !roots.includes(name));
  const isDirectory = (name: string): boolean => kindOfName(name) === 'directory';
  const why = `${text}\n${JSON.stringify(notes, null, 1)}`;
  if (kinds.has('wider')) {
    const all = [...files, ...directories];
    assert.deepEqual(
      below.filter((name) => !all.includes(name)),
      [],
      why,
    );
    return 'wider';
  }
  assert.deepEqual(
    files.toSorted(),
    below.filter((name) => !isDirectory(name)),
    why,
  );
  const wanted = below.filter(isDirectory);
  if (!kinds.has('directories')) {
    assert.deepEqual(directories.toSorted(), wanted, why);
    return 'same';
  }
  assert.deepEqual(
    wanted.filter((name) => !directories.includes(name)),
    [],
    why,
  );
  return 'directories';
}

const config = (lines: string, place: string): string =>
  `prefix p { on *: ${tree}; }\ngroup g {\n  host web1 web2;\n  key KEY;\n${lines.replaceAll('@', place)}}\n`;

/** Patterns of both kinds that take back, which random ones seldom are. */
const HARD = [
  'include @; exclude @/b; include @/b/a; exclude *.txt; include x.txt;',
  'include @; exclude @/a; include @/a/b; exclude b; include q;',
  'include @; exclude @/a; include @/a/b; include @/a/b/c; exclude b; include q;',
  'include @; exclude @/a; include @/a/*; exclude *.txt; include x.txt; exclude b;',
  'include @; exclude @/c; include @/c/s*; exclude *e; include site; exclude cache; include html;',
  'include @/a; include @/c/site; exclude .git site; include @/a/.git/hooks/b; exclude *.txt; include x.*;',
  'exclude @; include @/a @/b; exclude @/a/b; include @/a/b/c; exclude *.bak; include y.*;',
];

type Real = (text: string, host: string) => string[];

describe('an imported selection', { skip: withoutCsync2 }, () => {
  const isTheSame = (real: Real, compareWeight: number, numRuns: number) => (): void => {
    const outcomes = { same: 0, directories: 0, wider: 0, unsayable: 0 };
    fc.assert(
      fc.property(statements(compareWeight), fc.constantFrom(tree, '%p%'), (lines, place) => {
        const text = config(lines, place);
        outcomes[compare(text, real(text, 'web1'))] += 1;
      }),
      { numRuns, examples: HARD.map((lines) => [lines, tree]) },
    );
    assert.ok(outcomes.same > numRuns / 2, JSON.stringify(outcomes));
  };
  it('is what csync2 lists', isTheSame(compared, 0, 150));
  it('is what csync2 records, whatever is for compare only', isTheSame(recorded, 1, 30));
});
