/** Generated csync2.cfg files over a tree of names that coincide often. `@` stands for the tree's directory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';

const FILES = [
  'x.txt',
  'a/x.txt',
  'a/b/x.txt',
  'a/b/c/x.txt',
  'a/b/c/y.bak',
  'a/.git/config',
  'a/.git/hooks/b',
  'a/b/.git/HEAD',
  'a/~bak',
  'a b/x.txt',
  'a/[x]/y.txt',
  'ab/x.txt',
  'ab/b/a/x.bak',
  'b/a/b/y.txt',
  'b/c',
  'c/cache/1',
  'c/site/cache/2',
  'c/site/html/cache/x.txt',
  'c/.hid',
];

export function makeTree(root: string): void {
  for (const file of FILES) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), 'x');
  }
}

const word = fc.constantFrom('a', 'b', 'c', 'ab', '.git', 'cache', 'x.txt', 'site', 'hooks', 'a b', 'html');
const glob = fc.constantFrom('*', 'a*', '*b', '?', '[ab]', '*.txt', '.*', '[!a]*', '[[]x]', 'x.*');
const deep = fc.constantFrom(
  '**',
  '**/*',
  '*/**',
  'a**',
  '**b',
  '**.txt',
  '**/cache',
  'c/**/x.txt',
  '?/**',
  '**/?/*',
);
const segment = fc.oneof({ weight: 5, arbitrary: word }, { weight: 2, arbitrary: glob });

const relative = fc.oneof(
  { weight: 6, arbitrary: fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(segment, { maxLength: 2 }), deep)
      .map(([parts, end]) => [...parts, end].join('/')),
  },
);
const pathPattern = fc.oneof(
  { weight: 6, arbitrary: relative.map((path) => `@/${path}`) },
  { weight: 1, arbitrary: fc.constant('@') },
);
const namePattern = fc.oneof(word, glob);

const kind = (include: number, exclude: number, compare: number) =>
  fc.oneof(
    { weight: include, arbitrary: fc.constant('include') },
    { weight: exclude, arbitrary: fc.constant('exclude') },
    { weight: compare, arbitrary: fc.constant('compare') },
  );

/** The patterns of a group; `compare` is how often they are of that kind. */
export const statements = (compare: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant(['include "@"']) },
        { weight: 2, arbitrary: fc.constant([]) },
      ),
      fc.array(
        fc.oneof(
          {
            weight: 3,
            arbitrary: fc.tuple(kind(4, 5, compare), pathPattern).map(([k, p]) => `${k} "${p}"`),
          },
          {
            weight: 1,
            arbitrary: fc.tuple(kind(1, 4, compare), namePattern).map(([k, p]) => `${k} "${p}"`),
          },
        ),
        { minLength: 1, maxLength: 5 },
      ),
    )
    .map(([first, more]) => [...first, ...more].map((statement) => `  ${statement};\n`).join(''));
