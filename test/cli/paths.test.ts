import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { pathArgument, pathText } from '../../src/cli/paths.ts';

describe('PATH as an argument', () => {
  it('is kept when absolute or in a mapping', () => {
    assert.deepEqual(pathArgument('/srv/ä'), { path: '/srv/ä' });
    assert.deepEqual(pathArgument('shared:a b'), { path: 'shared:a b' });
    assert.deepEqual(pathArgument('web/shared:a'), { path: 'web/shared:a' });
  });

  it('is taken from the working directory else', () => {
    assert.deepEqual(pathArgument('./a/../b'), { path: `${process.cwd()}/b` });
    assert.deepEqual(pathArgument('A:b'), { path: `${process.cwd()}/A:b` });
  });

  it('is exact although it is not UTF-8', () => {
    const module = new URL('../../src/cli/paths.ts', import.meta.url).pathname;
    const script = `import(${JSON.stringify(module)}).then(({ pathArgument }) => console.log(JSON.stringify(pathArgument(process.argv[1]))))`;
    // The shell makes the byte: arguments of a spawn are text.
    const { stdout } = spawnSync('sh', [
      '-c',
      `exec "$0" -e "$1" "$(printf '/srv/a\\377b')"`,
      process.execPath,
      script,
    ]);
    assert.deepEqual(JSON.parse(String(stdout)), {
      path: String.raw`/srv/a\xffb`,
      path_base64: Buffer.from('/srv/a\xffb', 'latin1').toString('base64'),
    });
  });

  it('is shown without line breaks or terminal codes', () => {
    assert.equal(pathText({ path: 'a\nb\u001b[2J' }), String.raw`a\x0ab\x1b[2J`);
    assert.equal(pathText({ path: String.raw`a\xff`, path_base64: 'Yf8=' }), String.raw`a\xff`);
  });
});
