import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSelection, compileTrigger } from '../../src/util/selection.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { naiveSelects } from './naive-selection.ts';

interface Case {
  readonly exclude?: readonly string[];
  readonly include?: readonly string[];
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

test('what is selected; a path that ends in "/" is a directory', () => {
  const table: Record<string, Case> = {
    'no rules': { yes: ['a', 'a/', 'a/b', 'a/.csyncd', ''], no: ['.csyncd/', '.csyncd', '.csyncd/tmp/x'] },
    'a name anywhere': { exclude: ['cache'], yes: ['caches'], no: ['cache', 'cache/x', 'a/cache/b/c'] },
    'the last match decides': {
      exclude: ['*.log', '!keep.log'],
      yes: ['keep.log', 'a/keep.log'],
      no: ['a.log'],
    },
    'order matters': { exclude: ['!keep.log', '*.log'], yes: [], no: ['keep.log'] },
    'an excluded directory is not entered': { exclude: ['/a/', '!/a/b'], yes: ['a'], no: ['a/', 'a/b'] },
    'its content can be selected again when it is not excluded itself': {
      exclude: ['/a/*', '!/a/b'],
      yes: ['a/', 'a/b', 'a/b/c'],
      no: ['a/c'],
    },
    'the hidden directory cannot be selected': {
      exclude: ['!.csyncd'],
      yes: [],
      no: ['.csyncd', '.csyncd/x'],
    },
    'include restricts': {
      include: ['/nginx/*.conf'],
      yes: ['nginx/', 'nginx/a.conf', 'nginx/d.conf/x', ''],
      no: ['apache/', 'nginx', 'nginx/a', 'nginx/sub/', 'nginx/sub/a.conf'],
    },
    'include takes a directory with all that is below': {
      include: ['/a/b/'],
      yes: ['a/', 'a/b/', 'a/b/c/d'],
      no: ['a', 'a/b', 'a/c'],
    },
    'a name to include may be anywhere': { include: ['*.conf'], yes: ['x/', 'x/y/a.conf'], no: ['x/a', 'x'] },
    'any depth to include': { include: ['/a/**/c'], yes: ['a/', 'a/x/', 'a/x/c'], no: ['b/', 'a/x/d'] },
    'exclude goes before include': {
      exclude: ['*.bak'],
      include: ['/a'],
      yes: ['a/x'],
      no: ['a/x.bak', 'b'],
    },
  };
  for (const [name, { exclude = [], include = [], yes, no }] of Object.entries(table)) {
    const selection = compileSelection({ exclude, include });
    for (const shown of [...yes, ...no]) {
      const isDir = shown.endsWith('/');
      const path = isDir ? shown.slice(0, -1) : shown;
      assert.equal(selection.selects(path, isDir), yes.includes(shown), `${name}: ${shown}`);
      if (isDir) assert.equal(selection.enters(path), yes.includes(shown), `${name}: enters ${shown}`);
    }
  }
});

test('explain names the rule that decided', () => {
  const selection = compileSelection({ exclude: ['*.log', '!keep.log', '/tmp/'], include: [] });
  assert.deepEqual(selection.explain('a', false), { selected: true, rule: null });
  assert.deepEqual(selection.explain('a.log', false), { selected: false, rule: '*.log' });
  assert.deepEqual(selection.explain('keep.log', false), { selected: true, rule: '!keep.log' });
  assert.deepEqual(selection.explain('keep.log/a', false), { selected: true, rule: null });
  assert.deepEqual(selection.explain('tmp/a/b', false), { selected: false, rule: '/tmp/' });
  assert.deepEqual(selection.explain('.csyncd/x', false), { selected: false, rule: '/.csyncd' });
  const restricted = compileSelection({ exclude: [], include: ['/a/b'] });
  assert.deepEqual(restricted.explain('a', true), { selected: true, rule: null });
  assert.deepEqual(restricted.explain('a/b/c/d', false), { selected: true, rule: '/a/b' });
  assert.deepEqual(restricted.explain('x', false), { selected: false, rule: null });
});

test('an action is triggered by a match or by what lies below one', () => {
  const triggers = compileTrigger(['/nginx/**', 'sites/']);
  const yes = ['nginx/a', 'nginx/a/b', 'x/sites/a'];
  const no = ['nginx', 'x/nginx/a', 'sites', ''];
  for (const path of yes) assert.equal(triggers(path), true, path);
  for (const path of no) assert.equal(triggers(path), false, path);
});

// Tiny alphabets, so that patterns and paths meet often.
const name = fc.constantFrom('a', 'b', 'ab', 'ba', '.csyncd', 'a.b', '.a');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const piece = fc.constantFrom(
  'a',
  'b',
  'ab',
  '*',
  '**',
  '?',
  'a*',
  '*b',
  '*a*',
  'a**b',
  '?b',
  '.*',
  '.csyncd',
);
const body = fc
  .tuple(fc.constantFrom('', '/'), fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '/'))
  .map(([lead, pieces, trail]) => lead + pieces.join('/') + trail);
const ordered = fc.tuple(fc.constantFrom('', '', '!'), body).map(([bang, rest]) => bang + rest);

test('the matcher agrees with the naive reference', () => {
  fc.assert(
    fc.property(
      fc.array(ordered, { maxLength: 5 }),
      fc.array(body, { maxLength: 3 }),
      fc.array(fc.tuple(path, fc.boolean()), { minLength: 1, maxLength: 30 }),
      (exclude, include, paths) => {
        const selection = compileSelection({ exclude, include });
        for (const [path, isDir] of paths) {
          const expected = naiveSelects({ exclude, include }, path, isDir);
          assert.equal(selection.selects(path, isDir), expected, `${path} ${isDir ? 'dir' : 'file'}`);
          assert.equal(selection.explain(path, isDir).selected, expected);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('whatever is selected lies in directories that are selected and entered', () => {
  fc.assert(
    fc.property(
      fc.array(ordered, { maxLength: 4 }),
      fc.array(body, { maxLength: 3 }),
      path,
      (exclude, include, path) => {
        const selection = compileSelection({ exclude, include });
        const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
        if (selection.selects(path, false)) assert.ok(selection.enters(parent));
      },
    ),
    { numRuns: 2000 },
  );
});

test('the memory of directories is only a cache', () => {
  const selection = compileSelection({ exclude: ['x*/y'], include: [] });
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 5000; at++) {
      assert.equal(selection.selects(`x${at}/y/f`, false), false);
      assert.equal(selection.selects(`x${at}/z/f`, false), true);
    }
  }
});

const gitPiece = fc.oneof(
  piece.filter((text) => text !== '.csyncd'),
  fc.constantFrom('[ab]', '[!a]', '[a-b]*', '[]a]', '[[:alpha:]]', '\\a', 'a\\*', '*[^b]', '[.]?'),
);
const gitPattern = fc
  .tuple(
    fc.constantFrom('', '', '!'),
    fc.constantFrom('', '/'),
    fc.array(gitPiece, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '/'),
  )
  .map(([bang, lead, pieces, trail]) => bang + lead + pieces.join('/') + trail);

test('exclude agrees with git check-ignore', () => {
  const root = makeTempDir();
  execFileSync('git', ['init', '-q', root], { stdio: 'ignore' });
  const tree = makeTree(root);
  fc.assert(
    fc.property(fc.array(gitPattern, { minLength: 1, maxLength: 5 }), (exclude) => {
      writeFileSync(join(root, '.gitignore'), `${exclude.join('\n')}\n`);
      const selection = compileSelection({ exclude, include: [] });
      const ours = tree.filter(({ path, isDir }) => !selection.selects(path, isDir)).map(({ path }) => path);
      assert.deepEqual(
        ours,
        gitIgnores(
          root,
          tree.map(({ path }) => path),
        ),
      );
    }),
    { numRuns: 150 },
  );
});

function makeTree(root: string): { path: string; isDir: boolean }[] {
  const names = ['a', 'b', 'ab', 'ba', '.a', 'a*', 'axb', ']'];
  const tree: { path: string; isDir: boolean }[] = [];
  for (const [at, first] of names.entries()) {
    tree.push({ path: first, isDir: at % 3 !== 2 });
    if (at % 3 === 2) continue;
    for (const [below, second] of names.entries()) {
      tree.push({ path: `${first}/${second}`, isDir: (at + below) % 2 === 0 });
      if ((at + below) % 2 !== 0) continue;
      for (const third of names.slice(0, 5)) tree.push({ path: `${first}/${second}/${third}`, isDir: false });
    }
  }
  for (const { path, isDir } of tree) {
    mkdirSync(join(root, isDir ? path : dirname(path)), { recursive: true });
    if (!isDir) writeFileSync(join(root, path), '');
  }
  return tree;
}

function gitIgnores(root: string, paths: readonly string[]): string[] {
  const args = ['-c', 'core.excludesFile=/dev/null', 'check-ignore', '--no-index', '-z', '--stdin'];
  const git = spawnSync('git', args, {
    cwd: root,
    input: paths.map((path) => `${path}\0`).join(''),
    encoding: 'latin1',
  });
  assert.ok(git.status === 0 || git.status === 1, git.stderr);
  return git.stdout.split('\0').slice(0, -1);
}
