/** csync2's selection as this code has it, against csync2's own. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { csync2Selection, prefixPath } from '../../../src/config/csync2/match.ts';
import { parseCsync2Config } from '../../../src/config/csync2/parser.ts';
import { compared, recorded, withoutCsync2 } from '../../kit/csync2-program.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { makeTree, statements } from './generated.ts';

const root = makeTempDir();
makeTree(root);

/** All names that a scan finds, as csync2 scans. */
function found(text: string, host: string, comparing: boolean): string[] {
  const config = parseCsync2Config('csync2.cfg', text, () => null);
  const selection = csync2Selection(config, host, comparing);
  const names: string[] = [];
  const scan = (name: string, path: string): void => {
    if (name !== '' && selection.selects(name)) names.push(name);
    if (!selection.enters(name)) return;
    for (const entry of list(path)) {
      scan(`${name}/${entry.name}`, `${path}/${entry.name}`);
    }
  };
  const list = (path: string) => {
    const inTree = `${path}/`.startsWith(`${root}/`);
    if (inTree) {
      try {
        return readdirSync(path === '' ? '/' : path, { withFileTypes: true, encoding: 'latin1' });
      } catch {
        return [];
      }
    }
    // Above the tree there is nothing to find but the way to it.
    const next = root.slice(path.length + 1).split('/')[0] ?? '';
    return `${root}/`.startsWith(`${path}/`) ? [{ name: next }] : [];
  };
  for (const { name, path } of selection.roots) scan(name, path);
  return [...new Set(names)].toSorted();
}

const property = (compare: number, real: (text: string, host: string) => string[]): void =>
  fc.assert(
    fc.property(
      fc.array(statements(compare), { minLength: 1, maxLength: 2 }),
      fc.boolean(),
      (groups, prefix) => {
        const place = prefix ? '%p%' : root;
        const text = groups
          .map((group) => `group {\n  host web1 web2;\n  key KEY;\n${group.replaceAll('@', place)}}\n`)
          .join(`prefix p { on web2: /nowhere; on web*: ${root}; }\n`);
        const whole = groups.length > 1 ? text : `prefix p { on *: ${root}; }\n${text}`;
        assert.deepEqual(found(whole, 'web1', compare > 0), real(whole, 'web1'), whole);
      },
    ),
    { numRuns: 40 },
  );

describe("csync2's selection", { skip: withoutCsync2 }, () => {
  it('is what csync2 records', () => property(0, recorded));
  it('is what csync2 -o lists, with compare patterns', () => property(2, compared));
  it('records nothing for compare patterns, but looks there', () => {
    const text = `group g {\n host web1;\n key KEY;\n compare ${root}/a;\n}\n`;
    assert.deepEqual(recorded(text, 'web1'), []);
    assert.deepEqual(found(text, 'web1', false), []);
    assert.deepEqual(found(text, 'web1', true), compared(text, 'web1'));
  });
});

describe('prefixes', () => {
  const config = parseCsync2Config(
    'csync2.cfg',
    'prefix p { on web1: /a; on web*: /b; } prefix p { on web2: /c/; on WEB3: /d; } prefix q { }',
    () => null,
  );
  for (const [host, path] of [
    ['web1', '/a'],
    ['web2', '/c'],
    ['web3', '/b'],
    ['db1', null],
  ] as const) {
    it(`is ${path ?? 'nowhere'} on ${host}`, () => assert.equal(prefixPath(config, 'p', host), path));
  }
});
