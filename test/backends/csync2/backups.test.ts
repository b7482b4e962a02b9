/** What csync2 kept of files that a peer replaced or deleted, with a real csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  listBackups,
  pruneBackups,
  restoreBackup,
  type BackupPlace,
} from '../../../src/backends/csync2/backups.ts';
import { Csync2Host } from './hosts.ts';

describe('backups', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  let place: BackupPlace;
  beforeEach(async () => {
    here = new Csync2Host();
    peer = new Csync2Host();
    const directory = join(here.dir, 'kept');
    fs.mkdirSync(directory);
    for (const host of [here, peer]) {
      host.configure([here, peer], { group: `backup-directory ${directory}; backup-generations 2;` });
    }
    place = { mapping: 'p', root: here.root, directory, generations: 2 };
    await here.listen();
  });
  afterEach(() => {
    for (const host of [here, peer]) host.close();
  });
  async function send(): Promise<void> {
    await peer.check();
    const { exitCode } = await peer.program().run({ args: ['-u'] });
    assert.equal(exitCode, 0);
  }
  const contentOf = (path: string): string => fs.readFileSync(join(here.root, path), 'utf8');

  it('are listed for what was replaced and for what was deleted, two of each', async () => {
    for (const content of ['1', '22', '333', '4444']) {
      peer.write('dir/f', content);
      peer.write('gone', content);
      await send();
    }
    peer.remove('gone');
    await send();
    const all = await listBackups(place, null);
    assert.deepEqual(all.map(({ path, size }) => `${path} ${size}`).toSorted(), [
      'dir/f 2',
      'dir/f 3',
      'gone 3',
      'gone 4',
    ]);
    assert.equal(new Set(all.map(({ version }) => version)).size, 4);
    assert.deepEqual(
      (await listBackups(place, 'gone')).map(({ size }) => size),
      [4, 3],
      'the newest first',
    );
    assert.deepEqual(await listBackups(place, 'never'), []);
  });

  it('put back are an edit of now, with mode and owner as they were', async () => {
    peer.write('dir/f', 'old');
    fs.chmodSync(join(peer.root, 'dir/f'), 0o640);
    await send();
    peer.remove('dir');
    await send();
    assert.deepEqual(fs.readdirSync(here.root), []);
    const [kept] = await listBackups(place, 'dir/f');
    assert.ok(kept !== undefined);
    const before = Date.now() - 1_000;
    await restoreBackup(place, 'dir/f', kept.version);
    assert.equal(contentOf('dir/f'), 'old');
    const stat = fs.statSync(join(here.root, 'dir/f'));
    assert.equal(stat.mode & 0o777, 0o640);
    assert.ok(stat.mtimeMs >= before);
    assert.equal((await listBackups(place, 'dir/f')).length, 1, 'it is kept still, and nothing else is left');
    await assert.rejects(restoreBackup(place, 'dir/f', 'none'), { code: 'unknown-version' });
  });

  it('of a name that ends like an older version are not taken for one', async () => {
    for (const content of ['1', '22']) {
      peer.write('f.1', content);
      await send();
    }
    assert.deepEqual(
      (await listBackups(place, null)).map(({ path, size }) => `${path} ${size}`),
      ['f.1 1'],
    );
  });

  it('are removed when they are too old', async () => {
    for (const content of ['1', '22']) {
      peer.write('f', content);
      await send();
    }
    await pruneBackups(place, 60_000, Date.now());
    assert.equal((await listBackups(place, null)).length, 1);
    await pruneBackups(place, 60_000, Date.now() + 120_000);
    assert.deepEqual(await listBackups(place, null), []);
  });

  it('are none where nothing was ever kept', async () => {
    assert.deepEqual(await listBackups({ ...place, directory: join(here.dir, 'not there') }, null), []);
  });
});
