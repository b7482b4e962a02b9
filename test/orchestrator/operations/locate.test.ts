import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findMapping, locate, shownMapping } from '../../../src/orchestrator/operations/locate.ts';
import { configWith, groupNamed, mappingNamed } from '../../kit/orchestration.ts';

const config = configWith([
  groupNamed('web', {
    mappings: [
      mappingNamed('shared', { path: '/srv/www' }),
      mappingNamed('inner', { path: '/srv/www/inner' }),
      mappingNamed('umlaut', { path: '/srv/ä' }),
    ],
  }),
  groupNamed('mail', { mappings: [mappingNamed('shared', { path: '/srv/mail' })] }),
]);

describe('what an operator means by PATH', () => {
  const rows: [string, string, string, string][] = [
    ['/srv/www/a/b', 'web', 'shared', 'a/b'],
    ['/srv/www/', 'web', 'shared', ''],
    ['/srv//www/./a/../b', 'web', 'shared', 'b'],
    ['/srv/www/inner/x', 'web', 'inner', 'x'],
    ['/srv/www/innermost', 'web', 'shared', 'innermost'],
    ['/srv/mail/x', 'mail', 'shared', 'x'],
    ['inner:a/b', 'web', 'inner', 'a/b'],
    ['inner:', 'web', 'inner', ''],
    ['inner:./a//b/', 'web', 'inner', 'a/b'],
    ['mail/shared:a:b', 'mail', 'shared', 'a:b'],
    ['inner:a\xff', 'web', 'inner', 'a\xff'],
    // The config is text, a path is bytes.
    ['/srv/\xc3\xa4/x', 'web', 'umlaut', 'x'],
  ];
  for (const [path, group, mapping, below] of rows) {
    it(JSON.stringify(path), () => {
      const found = locate(config, path);
      assert.deepEqual([found.group.name, found.mapping.name, found.path], [group, mapping, below]);
    });
  }

  const refused: [string, string, RegExp][] = [
    ['/etc/passwd', 'outside-mappings', /lies in no mapping/],
    ['/srv/wwwx', 'outside-mappings', /lies in no mapping/],
    ['inner:../x', 'bad-path', /leads out of its mapping/],
    ['x/y', 'bad-path', /not a path that csyncd knows/],
    ['nope:x', 'no-such-mapping', /there is no mapping "nope"/],
    ['shared:x', 'ambiguous-mapping', /more than one group/],
  ];
  for (const [path, code, message] of refused) {
    it(`${path} is refused: ${code}`, () => {
      assert.throws(() => locate(config, path), { code, message });
    });
  }

  it('a refusal says which mappings there are', () => {
    assert.throws(() => findMapping(config, 'nope'), { hint: /web\/shared, inner, umlaut, mail\/shared/ });
  });

  it('a mapping is shown by its name, with its group where two have the same', () => {
    assert.equal(shownMapping(config, findMapping(config, 'inner')), 'inner');
    assert.equal(shownMapping(config, findMapping(config, 'web/shared')), 'web/shared');
  });
});
