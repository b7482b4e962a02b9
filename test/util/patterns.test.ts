import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textToBytes } from '../../src/util/bytes.ts';
import { parsePattern, parsePatterns, pathParts } from '../../src/util/patterns.ts';

function matches(pattern: string, path: string): boolean {
  const [compiled] = parsePatterns([pattern]);
  const isDir = path.endsWith('/');
  return compiled?.matches(pathParts(textToBytes(isDir ? path.slice(0, -1) : path)), isDir) ?? false;
}

test('what a pattern matches; a path that ends in "/" is a directory', () => {
  const table: { pattern: string; yes: string[]; no: string[] }[] = [
    { pattern: 'a', yes: ['a', 'a/', 'x/a', 'x/y/a/'], no: ['ab', 'a/b', 'A'] },
    { pattern: '/a', yes: ['a', 'a/'], no: ['x/a', 'a/b'] },
    { pattern: 'a/b', yes: ['a/b', 'a/b/'], no: ['b', 'x/a/b', 'a/b/c'] },
    { pattern: 'a/', yes: ['a/', 'x/a/'], no: ['a', 'x/a'] },
    { pattern: '*', yes: ['a', '.a', 'a/b', 'x/y/'], no: [] },
    { pattern: '/*', yes: ['a', '.a', 'x/'], no: ['a/b'] },
    { pattern: '*.log', yes: ['.log', 'a.log', 'x/a.b.log'], no: ['a.log.1', 'log'] },
    { pattern: '.*.swp', yes: ['.a.swp', '..swp'], no: ['a.swp', '.swp'] },
    { pattern: '*~', yes: ['a~', '~'], no: ['~a'] },
    { pattern: 'a*b*c', yes: ['abc', 'aXbYc', 'abbc', 'abcbc'], no: ['abcd', 'acb'] },
    { pattern: 'ab*ba', yes: ['abba', 'abXba'], no: ['aba'] },
    { pattern: 'a/*/c', yes: ['a/b/c'], no: ['a/c', 'a/b/b/c'] },
    { pattern: '/cache/**', yes: ['cache/a', 'cache/a/b', 'cache/a/'], no: ['cache/', 'x/cache/a'] },
    { pattern: '**/a', yes: ['a', 'x/a', 'x/y/a'], no: ['xa', 'a/b'] },
    { pattern: 'a/**/b', yes: ['a/b', 'a/x/b', 'a/x/y/b'], no: ['ab', 'a/xb', 'x/a/b'] },
    { pattern: 'a/**/b/**/c', yes: ['a/b/c', 'a/b/b/c', 'a/x/b/y/c'], no: ['a/c', 'a/b', 'a/x/c'] },
    { pattern: '**/**/a/**', yes: ['a/b', 'x/a/b'], no: ['a', 'x/a'] },
    { pattern: 'a**b/c', yes: ['ab/c', 'axb/c'], no: ['a/b/c', 'ax/yb/c'] },
    { pattern: '?', yes: ['a', 'x/.'], no: ['ab', ''] },
    { pattern: '[a-c]x', yes: ['ax', 'cx'], no: ['dx', 'x'] },
    { pattern: '[!a-c]x', yes: ['dx', '!x'], no: ['ax'] },
    { pattern: '[^a-c]x', yes: ['dx'], no: ['ax'] },
    { pattern: '[]-]', yes: [']', '-'], no: ['a'] },
    { pattern: '[a\\]]', yes: ['a', ']'], no: ['\\'] },
    { pattern: '[[:digit:]_]*', yes: ['1a', '_'], no: ['a1'] },
    { pattern: '\\*', yes: ['*'], no: ['a'] },
    { pattern: '\\!a', yes: ['!a'], no: ['a'] },
    { pattern: '#a', yes: ['#a'], no: ['a'] },
    { pattern: '{a,b}', yes: ['{a,b}'], no: ['a', 'b'] },
    { pattern: 'a b ', yes: ['a b '], no: ['a b'] },
    { pattern: 'Größe*', yes: ['Größe 1'], no: ['Gr'] },
  ];
  for (const { pattern, yes, no } of table) {
    for (const path of yes) assert.equal(matches(pattern, path), true, `${pattern} must match ${path}`);
    for (const path of no) assert.equal(matches(pattern, path), false, `${pattern} must not match ${path}`);
  }
});

test('a pattern that cannot mean anything is refused with the reason', () => {
  const table: [string, string][] = [
    ['', 'names nothing'],
    ['!', 'names nothing'],
    ['/', 'names nothing'],
    ['a//b', 'has two slashes in a row'],
    ['./a', 'has a "." or ".." segment, which never matches'],
    ['../a', 'has a "." or ".." segment, which never matches'],
    ['a\\', 'ends in a single backslash'],
    ['a\\/b', 'ends in a single backslash'],
    ['[a', 'has a "[" without its "]"'],
    ['[a/b]', 'has a "[" without its "]"'],
    ['[]', 'has a "[" without its "]"'],
    ['[a\\', 'has a "[" without its "]"'],
    ['[z-a]', 'has a range in "[ ]" that runs backwards'],
    ['[ä]', 'has a character in "[ ]" that is more than one byte long'],
    ['[[:letter:]]', 'has an unknown character class "[:letter:]"'],
    ['a\nb', 'has a NUL or a line break'],
  ];
  for (const [pattern, problem] of table)
    assert.deepEqual(parsePattern(pattern), { ok: false, problem }, pattern);
  assert.throws(() => parsePatterns(['ok', '[a']), { message: 'the pattern "[a" has a "[" without its "]"' });
});

test('a pattern made to exhaust a backtracking matcher is decided at once', () => {
  const name = 'a'.repeat(255);
  assert.equal(matches(`${'*a'.repeat(60)}b`, name), false);
  assert.equal(matches(`${'**/a/'.repeat(60)}b`, Array(1500).fill('a').join('/')), false);
});
