/** What is written for csync2, and what cannot be and why. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translateSelection } from '../../../src/config/csync2/selection.ts';

const statements = (exclude: string[], include: string[] = [], root = '/r'): string => {
  const translated = translateSelection({ exclude, include }, root);
  assert.ok(translated.ok, JSON.stringify(translated));
  return translated.statements
    .map(({ kind, pattern }) => `${kind === 'include' ? '+' : '-'} ${pattern}`)
    .join(' ');
};

const written: Record<string, { exclude?: string[]; include?: string[]; root?: string; as: string }> = {
  'no rules': { as: '+ /r - /r/.csyncd' },
  'a root with special characters': {
    root: '/a[*]\\"',
    as: '+ /a\\[\\*]\\\\[!\x01-\\!#-.0-\xff] - /a\\[\\*]\\\\[!\x01-\\!#-.0-\xff]/.csyncd',
  },
  'a prefix': { exclude: ['/a'], root: '%m%', as: '+ %m% - %m%/a - %m%/.csyncd' },
  'a name anywhere': { exclude: ['cache'], as: '+ /r - /r/cache - /r/**/cache - /r/.csyncd' },
  'what lies in a directory': { exclude: ['/a/**'], as: '+ /r - /r/a/* - /r/.csyncd' },
  'any depth is none too': {
    exclude: ['/a/**/b?'],
    as: '+ /r - /r/a/b? - /r/a/**/b[!/] - /r/.csyncd',
  },
  'a star inside a name stays in the name': {
    exclude: ['.*.swp', '*~'],
    as: '- .*.swp + /r - /r/*~ - /r/**/*~ - /r/.csyncd',
  },
  'names taken back': {
    exclude: ['*.log', '!keep.log', '/a'],
    as: '- *.log + keep.log + /r - /r/a - /r/.csyncd',
  },
  'a directory taken back, with what is excluded in it': {
    exclude: ['*.log', '/a/*', '!/a/b.log', '/a/b.log/tmp'],
    as: '+ /r - /r/*.log - /r/**/*.log - /r/a/* + /r/a/b.log - /r/a/b.log/*.log - /r/a/b.log/**/*.log - /r/a/b.log/tmp - /r/.csyncd',
  },
  'wildcards taken back': {
    exclude: ['*~', '/a/*', '!/a/*.conf'],
    as: '+ /r - /r/a/* + /r/a/*.conf - /r/*~ - /r/**/*~ - /r/.csyncd',
  },
  'only what is included, with the directories that lead to it': {
    include: ['/a/b', '/a/*.c', '/d/**'],
    exclude: ['*~'],
    as: '+ /r - /r/* + /r/a - /r/a/* + /r/d - /r/d/* + /r/a/b + /r/a/*.c + /r/d/* - /r/*~ - /r/**/*~ - /r/.csyncd',
  },
};

describe('is written', () => {
  for (const [name, { exclude = [], include = [], root, as }] of Object.entries(written)) {
    it(name, () => assert.equal(statements(exclude, include, root), as));
  }
});

const refused: Record<
  string,
  { exclude?: string[]; include?: string[]; root?: string; at?: number; problem: RegExp; hint: RegExp }
> = {
  'a directory alone': { exclude: ['a', 'b/'], at: 1, problem: /^is for directories only/, hint: /: "b"$/ },
  'a star inside a name below any depth': {
    exclude: ['/a/**/b*c'],
    problem: /would stand for a "\/" too/,
    hint: /write out/,
  },
  'the same as a name that the root has too': {
    exclude: ['r*t'],
    root: '/x/root',
    problem: /own directory as well, root$/,
    hint: /"\/dir\/NAME"/,
  },
  'taken back by a wildcard, with patterns for what lies below': {
    exclude: ['*.log', '!/a/*.log'],
    at: 1,
    problem: /all that lies below/,
    hint: /without wildcards/,
  },
  'taken back inside what is excluded': {
    exclude: ['/*', '!/a', '/*/x', '!/*/x'],
    at: 3,
    problem: /in an excluded directory/,
    hint: /without wildcards/,
  },
  'taken back by another kind': {
    exclude: ['a*b', '!/c/ab'],
    at: 1,
    problem: /of another kind/,
    hint: /^give both/,
  },
  'a name excluded on the way': {
    exclude: ['a*b', '/acb/*', '!/acb/x'],
    problem: /leads through/,
    hint: /"\/dir\/NAME"/,
  },
  'a name to include': {
    include: ['*.conf'],
    problem: /^may stand in any directory/,
    hint: /name the directories/,
  },
  'a wildcard on the way to what is included': {
    include: ['/a/*/b'],
    problem: /^has a wildcard in a directory/,
    hint: /name the directories/,
  },
  'a wildcard taken back beside include': {
    include: ['/b/x'],
    exclude: ['/b/*', '!/b/*.c'],
    at: 1,
    problem: /what include leaves out/,
    hint: /without wildcards/,
  },
};

describe('is refused', () => {
  for (const [name, { exclude = [], include = [], root = '/r', at = 0, problem, hint }] of Object.entries(
    refused,
  )) {
    it(name, () => {
      const translated = translateSelection({ exclude, include }, root);
      assert.ok(!translated.ok, JSON.stringify(translated));
      assert.match(translated.problem, problem);
      assert.match(translated.hint, hint);
      assert.deepEqual([translated.list, translated.at], [exclude.length === 0 ? 'include' : 'exclude', at]);
    });
  }
});
