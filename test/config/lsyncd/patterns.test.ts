/** lsyncd's rules as csyncd's: what they match was measured with lsyncd 2.2.3, over the tree below. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translateRule } from '../../../src/config/lsyncd/patterns.ts';
import { compileSelection } from '../../../src/util/selection.ts';

const TREE =
  'a/ a/b/ a/b/f a/foo/ a/foo/bar/ a/foo/bar/f a/foo.log bar/ bar/f bar/foo/ bar/foo/f fo foo/ foo/f foo.log foox/ foox/f x xfoo/ xfoo/f'.split(
    ' ',
  );

/** What lsyncd ignored of the tree. */
const MEASURED: [string, string][] = [
  ['foo', 'a/foo/ a/foo/bar/ a/foo/bar/f bar/foo/ bar/foo/f foo/ foo/f'],
  ['/foo', 'foo/ foo/f'],
  ['foo/', 'a/foo/ a/foo/bar/ a/foo/bar/f bar/foo/ bar/foo/f foo/ foo/f'],
  ['foo/bar', 'a/foo/bar/ a/foo/bar/f'],
  ['a/**/bar', 'a/foo/bar/ a/foo/bar/f'],
  ['foo**', 'a/foo/ a/foo/bar/ a/foo/bar/f a/foo.log bar/foo/ bar/foo/f foo/ foo/f foo.log foox/ foox/f'],
  ['*.log', 'a/foo.log foo.log'],
  ['**.log', 'a/foo.log foo.log'],
  ['fo?', 'a/foo/ a/foo/bar/ a/foo/bar/f bar/foo/ bar/foo/f foo/ foo/f'],
  ['a/foo/', 'a/foo/ a/foo/bar/ a/foo/bar/f'],
  ['/**/bar', 'a/foo/bar/ a/foo/bar/f'],
  ['/a/', 'a/ a/b/ a/b/f a/foo/ a/foo/bar/ a/foo/bar/f a/foo.log'],
  ['*/foo', 'a/foo/ a/foo/bar/ a/foo/bar/f bar/foo/ bar/foo/f'],
  ['fo*/f', 'bar/foo/f foo/f foox/f'],
  ['o', ''],
];

describe("lsyncd's rule", () => {
  for (const [rule, ignored] of MEASURED) {
    it(`${rule} ignores ${ignored === '' ? 'nothing' : ignored}`, () => {
      const { pattern, problem } = translateRule(rule);
      assert.ok(pattern !== null && problem === null, problem ?? '');
      const selection = compileSelection({ exclude: [pattern], include: [] });
      const left = TREE.filter((path) => !selection.selects(path.replace(/\/$/, ''), path.endsWith('/')));
      assert.equal(left.join(' '), ignored);
    });
  }

  for (const [rule, pattern, problem] of [
    ['**/foo', '/**/foo', 'lsyncd needs a directory in front and rsync does not; taken as rsync does'],
    ['/a/*', '/a/*', 'lsyncd leaves out the directory itself as well; taken as rsync does, without'],
    ['[ab]', null, 'lsyncd takes [ ] for itself and rsync for a set; it is left out'],
    ['a**f', null, 'has a "**" in the middle of a name; it is left out'],
    ['a//b', null, 'has an empty, "." or ".." part; it is left out'],
  ] as const) {
    it(`${rule} is not the same: ${problem}`, () =>
      assert.deepEqual(translateRule(rule), { pattern, problem }));
  }

  it('that begins with a ! is a name', () => assert.equal(translateRule('!x').pattern, '\\!x'));
});
