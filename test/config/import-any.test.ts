/** `config import` of any csync2.cfg: what comes out is a config that `config check` takes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCsync2Config } from '../../src/config/csync2/parser.ts';
import { importFiles } from '../../src/config/import/import-files.ts';
import { readLua } from '../../src/config/lsyncd/lua.ts';
import { CsyncdError } from '../../src/util/errors.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { verdict } from './kit.ts';

const dir = makeTempDir();

const name = fc.constantFrom(
  'web1',
  'web2',
  'WEB3',
  'web4.example.org',
  '_odd~name',
  'ü',
  '10.0.0.1',
  '__proto__',
);
const address = fc.constantFrom('', '', '@10.0.0.1', '@10.0.0.2', '@web1', '@"fe80::1"');
const host = fc
  .tuple(name, address, fc.boolean())
  .map(([a, b, slave]) => (slave ? `(${a}${b})` : `${a}${b}`));
const part = fc.constantFrom(
  'a',
  'b c',
  'x.txt',
  '*',
  '[ab]',
  '[!ü]',
  '**',
  '?',
  '!a',
  '#b',
  '~',
  '\\',
  '[',
  '.',
  '..',
  '',
  'ü',
  '\xff',
  "it's",
  'a\nb',
  '{a}',
  ':',
  '- x',
);
const path = fc
  .tuple(
    fc.constantFrom('/nowhere', '/nowhere/a', '/var', '', '%p%', '%q%', '%*%', 'nowhere'),
    fc.array(part, { maxLength: 3 }),
  )
  .map(([top, parts]) => [top, ...parts].join('/'));
const pattern = fc
  .oneof({ weight: 3, arbitrary: path }, { weight: 1, arbitrary: part })
  .map((text) => `"${text}"`);
const statement = fc.oneof(
  { weight: 4, arbitrary: pattern.map((text) => `include ${text};`) },
  { weight: 3, arbitrary: pattern.map((text) => `exclude ${text};`) },
  fc.tuple(pattern, pattern).map(([a, b]) => `compare ${a} ${b};`),
  fc
    .tuple(
      fc.array(pattern, { maxLength: 2 }),
      fc.constantFrom('true', 'a %% b %%', "echo 'x' # y", 'ü\n', ':'),
    )
    .map(
      ([patterns, command]) =>
        `action { pattern ${patterns.join(' ')}; exec "${command}"; logfile "/l 'og"; do-local; }`,
    ),
  fc.constantFrom('backup-directory /b; backup-generations 5;', 'backup-generations 99999;'),
);
const group = fc
  .tuple(
    fc.constantFrom('', 'a', '"A b/ü"', '"-"'),
    fc.array(host, { maxLength: 4 }),
    fc.array(statement, { maxLength: 6 }),
  )
  .map(
    ([called, hosts, lines]) =>
      `group ${called} { host ${hosts.join(' ')}; key "k ey"; ${lines.join('\n')} }\n`,
  );
const before = fc.constantFrom(
  '',
  'nossl * *; ignore uid gid mod;\n',
  'prefix p { on web1: /nowhere/p1; on web*: /nowhere/p2/; on *: "/nowhere/p 3"; }\nprefix q { on web1: /nowhere/a; }\n',
  'prefix p { on nobody: /x; }\nprefix q { on *: "/nowhere/../x"; }\n',
);

describe('config import', () => {
  it('gives what config check takes, whatever it is given', () => {
    const file = join(dir, 'csync2_any.cfg');
    fc.assert(
      fc.property(before, fc.array(group, { minLength: 1, maxLength: 3 }), (head, groups) => {
        writeFileSync(
          file,
          Buffer.from(head + groups.join(''))
            .toString('latin1')
            .replaceAll('Ã¿', '\xff'),
          'latin1',
        );
        const { yaml, faults } = importFiles([file]);
        if (yaml === null) return;
        assert.deepEqual(faults, []);
        const [node] = /(?<=- (?:\{ name: )?)[\w.-]+/.exec(yaml.slice(yaml.indexOf('hosts:'))) ?? [];
        const [first, ...rest] = verdict(yaml, { host: node ?? '' });
        assert.equal(first, 'ok', [first, ...rest, yaml].join('\n'));
      }),
      { numRuns: 100 },
    );
  });

  it('refuses with a line, or takes, any text', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        ...' \n{}();:@#"ab/*%'.split(''),
        'group ',
        'host ',
        'key ',
        'include ',
        'config ',
      ),
    });
    fc.assert(
      fc.property(text, (any) => {
        try {
          parseCsync2Config('f', any, () => null);
        } catch (error) {
          assert.ok(error instanceof CsyncdError, String(error));
          assert.match(error.message, /^f:\d+: /);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reads any text for Lua to its end', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        ...' \n{}()[]=.,;"\'-ax1'.split(''),
        'sync ',
        'for ',
        'in ',
        'pairs',
        ' do ',
        ' end ',
        'function ',
        'if ',
        'local ',
        '..',
        ' or ',
      ),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, (any) => void readLua(any)),
      { numRuns: 500 },
    );
  });
});
