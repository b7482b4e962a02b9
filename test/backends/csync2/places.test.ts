import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configFileIn, makePrivate, placesOf, writeWhole } from '../../../src/backends/csync2/places.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

describe('csync2’s files', () => {
  it('are put in place as a whole, for this user alone, and only when they differ', () => {
    const file = join(makeTempDir(), 'csync2.cfg');
    assert.equal(writeWhole(file, 'group a {}\n\xff'), true);
    assert.deepEqual(fs.readFileSync(file), Buffer.from('group a {}\n\xff', 'latin1'));
    const { mode, ino } = fs.statSync(file);
    assert.equal(mode & 0o777, 0o600);
    assert.equal(writeWhole(file, 'group a {}\n\xff'), false);
    assert.equal(fs.statSync(file).ino, ino);
    // Who has the old one open goes on reading the old one.
    const old = fs.openSync(file, 'r');
    assert.equal(writeWhole(file, 'group b {}\n'), true);
    assert.equal(fs.readFileSync(old, 'latin1'), 'group a {}\n\xff');
    fs.closeSync(old);
    assert.deepEqual(fs.readdirSync(join(file, '..')), ['csync2.cfg']);
  });

  it('that were left half written are no hindrance, and their mode is not taken over', () => {
    const file = join(makeTempDir(), 'csync2.cfg');
    fs.writeFileSync(`${file}.new`, 'half of a config, and longer than the whole', { mode: 0o666 });
    fs.chmodSync(`${file}.new`, 0o666);
    writeWhole(file, 'whole\n');
    assert.equal(fs.readFileSync(file, 'utf8'), 'whole\n');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });

  it('that cannot be written stay as they are', () => {
    const dir = makeTempDir();
    fs.mkdirSync(join(dir, 'csync2.cfg'));
    assert.throws(() => writeWhole(join(dir, 'csync2.cfg'), 'x'), { code: 'csync2-files' });
    assert.deepEqual(fs.readdirSync(dir), ['csync2.cfg']);
    fs.writeFileSync(join(dir, 'file'), '');
    assert.throws(() => makePrivate(join(dir, 'file', 'below')), { code: 'csync2-files' });
  });

  it('are in directories that nobody else reads', () => {
    const dir = join(makeTempDir(), 'a', 'b');
    makePrivate(dir);
    assert.equal(fs.statSync(dir).mode & 0o777, 0o700);
    makePrivate(dir);
  });

  it('are where csync2 looks for them', () => {
    const options = { configDir: '/etc/csync2', databaseDir: '/var/lib/csync2' };
    const base = { ...options, configFile: null, configName: null } as Parameters<typeof placesOf>[0];
    assert.deepEqual(placesOf(base, 'web1', '/own'), {
      systemDir: '/etc/csync2',
      bootstrapDir: '/own/bootstrap',
      configName: null,
      databaseDir: '/var/lib/csync2',
      databaseFile: '/var/lib/csync2/web1.db3',
    });
    const foreign = placesOf(
      { ...base, configFile: '/etc/csync2/csync2_web.cfg', configName: 'web' },
      'web1',
      '/own',
    );
    assert.equal(foreign.bootstrapDir, '/etc/csync2', 'a config of the operator’s is the only one');
    assert.equal(foreign.databaseFile, '/var/lib/csync2/web1_web.db3');
    assert.equal(configFileIn('/etc', null), '/etc/csync2.cfg');
    assert.equal(configFileIn('/etc', 'web'), '/etc/csync2_web.cfg');
  });
});
