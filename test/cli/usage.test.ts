import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { version } from '../../src/util/version.ts';
import { fakeOperations } from '../kit/operations.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { configFile, run, runWith } from './program.ts';

describe('usage', () => {
  for (const args of [
    ['frob'],
    ['status', '--frob'],
    ['explain'],
    ['approve'],
    ['sync', '--timeout', 'soon'],
    ['events', '--since', 'never'],
    ['config', 'frob'],
    ['backups', 'restore', 'shared:a'],
    ['status', 'too', 'many'],
  ]) {
    it(`${args.join(' ')} exits 64`, async () => {
      const { code, out, err } = await run(args);
      assert.deepEqual([code, out], [64, '']);
      assert.match(err, /^csyncd: /);
      assert.doesNotMatch(err, /\n {4}at /);
    });
  }

  it('a path out of its mapping exits 64', async () => {
    const { CsyncdError } = await import('../../src/util/errors.ts');
    const resolve = () => Promise.reject(new CsyncdError('bad-path', 'shared:../x leads out of its mapping'));
    const args = ['conflicts', 'resolve', 'shared:../x', '--keep', 'newest'];
    assert.equal((await runWith(fakeOperations({ mappings: { resolve } }), ...args)).code, 64);
  });

  it('--help exits 0, and names every command of the contract', async () => {
    const { code, out } = await run(['--help']);
    assert.equal(code, 0);
    const names =
      'run config reload keygen status sync verify conflicts backups pause resume approve reject revert explain events peers doctor demo';
    for (const name of names.split(' ')) {
      assert.match(out, new RegExp(`^  ${name}\\b`, 'm'));
    }
  });

  it('-V and --version print the version', async () => {
    assert.deepEqual(await run(['-V']), { code: 0, out: `${version()}\n`, err: '' });
    assert.equal((await run(['--version'])).out, `${version()}\n`);
  });

  it('a named config that is not there exits 78, whatever a default daemon would say', async () => {
    const { code, err } = await run(['status', '--config', '/nonexistent/csyncd.yaml']);
    assert.equal(code, 78);
    assert.match(err, /there is no config \/nonexistent/);
  });

  it('a defect is one line, not a stack trace', async () => {
    const conflicts = () => Promise.reject(new TypeError('x is undefined'));
    const { code, err } = await runWith(fakeOperations({ mappings: { conflicts } }), 'conflicts');
    assert.deepEqual([code, err], [1, 'csyncd: x is undefined\n  see the log of the daemon\n']);
  });

  it('a command works although the config has a fault that the daemon has not read', async () => {
    const { file, socket } = configFile();
    writeFileSync(file, `control_socket: ${socket}\nfrob: [1\n`);
    assert.equal((await run(['status', '--config', file])).code, 2);
  });

  it('finds the control socket in a fragment', async () => {
    const dir = makeTempDir();
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(dir, 'conf.d'));
    const file = join(dir, 'csyncd.yaml');
    writeFileSync(file, 'groups: {}\n');
    writeFileSync(join(dir, 'conf.d', 'a.yaml'), `control_socket: ${join(dir, 'here.sock')}\n`);
    assert.match((await run(['status', '--config', file])).err, /here\.sock/);
  });
});

const good = `
node: web1
groups:
  web:
    key_file: /etc/csyncd/keys/web.key
    hosts: [web1, web2]
    mappings:
      shared: { path: /var/www/shared }
`;

function written(text: string): string {
  const file = join(makeTempDir(), 'csyncd.yaml');
  writeFileSync(file, text);
  return file;
}

describe('config', () => {
  it('check prints ok', async () => {
    assert.deepEqual(await run(['config', 'check', written(good)]), { code: 0, out: 'ok\n', err: '' });
    assert.deepEqual(await run(['config', 'check', '--json', '--config', written(good)]), {
      code: 0,
      out: '{"ok":true,"warnings":[]}\n',
      err: '',
    });
  });

  it('check prints every fault with file, line and column, and exits 78', async () => {
    const file = written(good.replace('hosts:', 'hots:').replace('node:', 'nod:'));
    const { code, out, err } = await run(['config', 'check', file]);
    assert.deepEqual([code, out], [78, '']);
    assert.match(err, new RegExp(`^${file}:2:1: `));
    assert.match(err, /:6:5: .*hots/);
    const json = await run(['config', 'check', file, '--json']);
    assert.equal(JSON.parse(json.out).ok, false);
    assert.equal(json.code, 78);
  });

  it('check takes a file that lies elsewhere, under any name, with the fragments it will be read with', async () => {
    const { mkdirSync } = await import('node:fs');
    const installed = makeTempDir();
    mkdirSync(join(installed, 'conf.d'));
    writeFileSync(join(installed, 'conf.d', 'web.yaml'), good.replace('node: web1\n', ''));
    const file = join(makeTempDir(), 'source');
    writeFileSync(file, 'node: web1\n');
    const config = ['--config', join(installed, 'csyncd.yaml')];
    assert.deepEqual(await run(['config', 'check', file, ...config]), { code: 0, out: 'ok\n', err: '' });
    writeFileSync(file, 'node: web9\n');
    assert.equal((await run(['config', 'check', file, ...config])).code, 78);
  });

  it('check takes the fragments beside the file when there are some', async () => {
    const { mkdirSync } = await import('node:fs');
    const dir = makeTempDir();
    mkdirSync(join(dir, 'conf.d'));
    writeFileSync(join(dir, 'conf.d', 'a.yaml'), 'nod: web1\n');
    const file = join(dir, 'csyncd.yaml.new');
    writeFileSync(file, good);
    const { code, err } = await run(['config', 'check', file]);
    assert.equal(code, 78);
    assert.match(err, /conf\.d\/a\.yaml:1:1/);
  });

  it('check --strict looks at this machine', async () => {
    const { code, err } = await run(['config', 'check', '--strict', written(good)]);
    assert.equal(code, 78);
    assert.match(err, /there is no directory \/var\/www\/shared|there is no key/);
  });

  it('show prints all defaults as YAML that is a config again', async () => {
    const { code, out } = await run(['config', 'show', '--config', written(good)]);
    assert.equal(code, 0);
    assert.match(out, /^ +rescan: 1h$/m);
    assert.equal((await run(['config', 'check', written(out)])).code, 0);
  });

  it('unit prints the drop-in', async () => {
    const { out } = await run(['config', 'unit', '--config', written(good)]);
    assert.match(out, /^RequiresMountsFor=\/var\/www\/shared$/m);
  });

  it('show of a bad file exits 78', async () => {
    const { code, err } = await run(['config', 'show', '--config', written('frob: 1\n')]);
    assert.equal(code, 78);
    assert.match(err, /:1:1: /);
  });
});

describe('keygen', () => {
  it('writes a key that only its owner can read, and never overwrites', async () => {
    const file = join(makeTempDir(), 'web.key');
    assert.deepEqual(await run(['keygen', file]), { code: 0, out: `${file}\n`, err: '' });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const before = readFileSync(file, 'utf8');
    const again = await run(['keygen', file]);
    assert.equal(again.code, 1);
    assert.match(again.err, /exists already/);
    assert.equal(readFileSync(file, 'utf8'), before);
  });

  it('without a file writes the keys that the config misses', async () => {
    const key = join(makeTempDir(), 'web.key');
    const file = written(good.replace('/etc/csyncd/keys/web.key', key));
    assert.deepEqual(await run(['keygen', '--config', file]), { code: 0, out: `${key}\n`, err: '' });
    assert.ok(existsSync(key));
    assert.equal((await run(['keygen', '--config', file])).code, 1);
  });
});
