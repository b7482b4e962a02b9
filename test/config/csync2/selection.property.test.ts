/** The translation against the real csync2: what it accepts selects the same paths. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoted } from '../../../src/config/csync2/path-pattern.ts';
import type { Statement } from '../../../src/config/csync2/path-statements.ts';
import { translateSelection } from '../../../src/config/csync2/selection.ts';
import { compileSelection, type SelectionRules } from '../../../src/util/selection.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { BLOCK_HEAD, listSelected, makeTree, walk } from './listing.ts';

const RUNS = Number(process.env['CSYNC2_RUNS'] ?? 300);

const odd = ['\xff', 'x"y', '[z]', 'a b', '\xc3\xa9', '#a', '-', 'q*', 'b\\', 'a;', '%m%', '{', '!a', "'"];
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 3, arbitrary: fc.constantFrom('a.x', 'b.x', '.a', 'ab', 'ba', '.x') },
  { weight: 1, arbitrary: fc.constantFrom('.csyncd', ...odd) },
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const tree = fc
  .array(path, { minLength: 4, maxLength: 24 })
  .map((paths) => paths.filter((one) => !paths.some((other) => other.startsWith(`${one}/`))));

const segment = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'a.x') },
  { weight: 4, arbitrary: fc.constantFrom('*', '*.x', 'a*', '.*', '*b*') },
  { weight: 2, arbitrary: fc.constantFrom('a?b', 'a[!x]b', 'a[$-9]b', '?', '[ab]', '[!a]') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '[[:punct:]]*',
      '[[:space:]]',
      'a*x',
      '.*.x',
      'é',
      '\\[z]',
      'x"y',
      '?\\*',
      '"*',
    ),
  },
);
const segments = fc.array(
  fc.oneof({ weight: 9, arbitrary: segment }, { weight: 3, arbitrary: fc.constant('**') }),
  {
    minLength: 1,
    maxLength: 4,
  },
);
const pattern = fc.oneof(
  { weight: 1, arbitrary: segment },
  { weight: 2, arbitrary: segments.map((names) => `/${names.join('/')}`) },
);
const rule = fc.tuple(fc.constantFrom('', '', '!'), pattern).map((parts) => parts.join(''));
/** A pattern and what it takes back, as people write it. */
const pair = fc.tuple(segments, segment, segment).map(([names, one, other]) => {
  const dir = names.filter((name) => !/[*?[]/.test(name)).map((name) => `/${name}`);
  return [`${dir.join('')}/${one}`, `!${dir.join('')}/${other}`];
});
/** A name pattern that has to stay one, and a directory of such a name that others lead through. */
const onTheWay = fc.constantFrom(['a*x', '/a.x/*', '!/a.x/b'], ['/b/*', '!/b/a.x/c', 'a*x', '!/b/a.x']);
const exclude = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: rule.map((one) => [one]) },
      { weight: 4, arbitrary: pair },
      { weight: 1, arbitrary: onTheWay },
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.flat());
const below = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 2 }), segment)
  .map(([names, last]) => ['', ...names, last].join('/'));
const include = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.oneof(pattern, below), { maxLength: 3 }) },
);
const rules = fc.record({ exclude, include });
const rootName = fc.constantFrom('r', 'r', 'a', 'r [a]', 'c"*', '\xff\\');

const folder = makeTempDir();

function config(statements: readonly Statement[], prefix: string): string {
  const lines = statements.map(({ kind, pattern }) => `${kind} ${quoted(pattern)};`);
  return `${prefix}group "g_m" { ${BLOCK_HEAD}\n${lines.join('\n')}\n}\n`;
}

function expected(dir: string, rules: SelectionRules, root: string): string[] {
  const selection = compileSelection(rules);
  // csync2 cannot tell a file from a directory that leads to what is included.
  const selects = (path: string): boolean => selection.selects(path, true);
  return walk(dir, selects)
    .map((path) => (path === '' ? root : `${root}/${path}`))
    .sort();
}

test('what csync2 lists is what csyncd selects', () => {
  const seen = { accepted: 0, someOut: 0, selectedAgain: 0, included: 0 };
  fc.assert(
    fc.property(rules, tree, rootName, fc.boolean(), (rules, tree, name, hasPrefix) => {
      const dir = join(folder, name);
      // A prefix's directory has no way to be written with a quote in it.
      const isPrefix = hasPrefix && !dir.includes('"');
      const root = isPrefix ? '%m%' : dir;
      const translation = translateSelection(rules, root);
      if (!translation.ok) return;
      makeTree(dir, tree);
      const wanted = expected(dir, rules, root);
      const cfg = config(translation.statements, isPrefix ? `prefix "m" { on *: ${quoted(dir)}; }\n` : '');
      assert.deepEqual(listSelected(cfg, dir), wanted, cfg);

      seen.accepted += 1;
      if (wanted.length > 1 && wanted.length < walk(dir, () => true).length) seen.someOut += 1;
      const excludes = rules.exclude.filter((text) => !text.startsWith('!'));
      const without = expected(dir, { ...rules, exclude: excludes }, root);
      if (wanted.length > without.length) seen.selectedAgain += 1;
      if (rules.include.length > 0 && wanted.length > 1) seen.included += 1;
    }),
    { numRuns: RUNS, examples: [[{ exclude: ['a[$-9]b'], include: [] }, ['x/a/b'], 'r', false]] },
  );
  // Of no use when nearly all lists are refused, or nothing is ever in question.
  const share = (of: number): number => of / RUNS;
  const text = JSON.stringify(seen);
  assert.ok(share(seen.accepted) > 0.25 && share(seen.someOut) > 0.05, text);
  assert.ok(seen.selectedAgain > 0 && seen.included > 0, text);
});
