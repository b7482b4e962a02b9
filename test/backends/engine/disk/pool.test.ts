import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { RelPath, Sha256 } from '../../../../src/backends/engine/core/types.ts';
import { openDiskPool, type DiskMapping, type DiskPool } from '../../../../src/backends/engine/disk/pool.ts';
import type { Look, Observation } from '../../../../src/backends/engine/scan/observation.ts';
import { openStore } from '../../../../src/backends/engine/store/sqlite.ts';
import type { MappingStore, Store } from '../../../../src/backends/engine/store/store.ts';
import { codeOf } from '../../../../src/util/errors.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { timings } from '../../../../src/util/timings.ts';
import { told } from '../scan/fixture.ts';
import { change, file, kinds, NOTHING, write } from '../apply/fixture.ts';

const WHOLE: readonly Look[] = [{ path: '' as RelPath, scope: 'subtree' }];
const NO_REREAD = { reread: false };
const BELIEFS = new URL('slow-beliefs.ts', import.meta.url).href;

let folder: string;
let store: Store;
let rows: MappingStore;
let pool: DiskPool;
let root: string;
let disk: DiskMapping;

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'csyncd-disk-'));
  store = openStore(path.join(folder, 'state'));
  pool = openDiskPool({
    stateDir: path.join(folder, 'state'),
    log: silentLogger(),
  });
});
after(async () => {
  await pool.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
beforeEach(async () => {
  const mapping = `m${count++}`;
  root = path.join(folder, mapping);
  mkdirSync(root);
  rows = store.mapping('g', mapping);
  disk = await open(mapping);
});
afterEach(() => disk.close());

const settings = { group: 'g', exclude: [], include: [], owner: 'numeric', durability: 'relaxed' } as const;

function open(mapping: string): Promise<DiskMapping> {
  return pool.open({ ...settings, mapping, path: root });
}

async function look(on = disk, looks = WHOLE): Promise<Observation[]> {
  const seen: Observation[] = [];
  await on.scan(looks, NO_REREAD, (chunk) => void seen.push(...chunk));
  return seen;
}

/** What the control loop does with what was seen. */
function believe(seen: readonly Observation[]): void {
  store.transaction(() => {
    for (const one of seen) {
      if (one.kind !== 'present') continue;
      const { path, value, identity } = one;
      const row = { siblings: [], context: new Map() };
      const applied = { value, dots: [], identity };
      rows.put({
        path,
        row,
        seq: 0,
        applied,
        pending: false,
        blocked: null,
        liveChildren: 0,
        movedFrom: null,
      });
    }
  });
}

const sha256 = (text: string): Sha256 => createHash('sha256').update(text).digest('hex') as Sha256;

describe('scanning in a worker', () => {
  it('compares with the store and brings small content along', async () => {
    mkdirSync(path.join(root, 'd'));
    writeFileSync(path.join(root, 'd/f'), 'hello');
    const seen = await look();
    assert.deepEqual(told(seen), ['dir d', 'file d/f']);
    assert.ok(seen[1]?.kind === 'present' && Buffer.from(seen[1].content ?? []).toString() === 'hello');
    believe(seen);
    appendFileSync(path.join(root, 'd/f'), '!');
    writeFileSync(path.join(root, 'g'), '');
    assert.deepEqual(told(await look()), ['file g', 'file d/f']);
  });

  it('waits until what it found was taken', async () => {
    for (let index = 0; index < 3000; index++) writeFileSync(path.join(root, `f${index}`), '');
    let taking = 0;
    let most = 0;
    let taken = 0;
    await disk.scan(WHOLE, NO_REREAD, async (chunk) => {
      most = Math.max(most, ++taking);
      await new Promise((resolve) => setImmediate(resolve));
      taking--;
      taken += chunk.length;
    });
    assert.equal(taken, 3000);
    assert.equal(most, 1, 'one chunk after the other');
  });

  it('serves a look while a large file is being hashed', async () => {
    writeFileSync(path.join(root, 'large'), Buffer.alloc(256 * 1024 * 1024));
    writeFileSync(path.join(root, 'small'), 'x');
    const ended: string[] = [];
    const large = look(disk, [{ path: 'large' as RelPath, scope: 'entry' }]).then(() => ended.push('large'));
    const small = look(disk, [{ path: 'small' as RelPath, scope: 'entry' }]).then(() => ended.push('small'));
    await Promise.all([large, small]);
    assert.deepEqual(ended, ['small', 'large']);
  });

  it('ends when nobody wants it any more, and when what it found cannot be taken', async () => {
    for (let index = 0; index < 2000; index++) writeFileSync(path.join(root, `f${index}`), '');
    // More than may be on their way: the worker waits when it is told to stop.
    const stop = new AbortController();
    const stopped = disk.scan(WHOLE, { reread: false, signal: stop.signal }, () => stop.abort());
    await assert.rejects(stopped, (error) => codeOf(error) === 'aborted');
    const refused = disk.scan(WHOLE, NO_REREAD, () => Promise.reject(new Error('refused')));
    await assert.rejects(refused, /refused/);
    assert.equal((await look()).length, 2000);
  });

  it('reads files again when asked to', async () => {
    writeFileSync(path.join(root, 'f'), 'x');
    believe(await look());
    const report = await disk.scan(WHOLE, { reread: true }, () => undefined);
    assert.equal(report.hashedFiles, 1);
  });

  it('says when the root is lost', async () => {
    renameSync(root, `${root}-away`);
    await assert.rejects(look(), (error) => codeOf(error) === 'root-lost');
  });
});

describe('applying in a worker', () => {
  it('brings changes to the disk and recovers', async () => {
    const { results } = await disk.apply([write('d/f', 'hello'), write('d/g', 'x')]);
    assert.deepEqual(kinds(results), ['done', 'done']);
    assert.equal(readFileSync(path.join(root, 'd/f'), 'utf8'), 'hello');
    const [placed] = results;
    assert.ok(placed?.outcome.kind === 'done');
    const expected = placed.outcome.identity;
    const removal = change('d/f', NOTHING, { expected, from: file('hello'), backupId: 'b1' });
    assert.deepEqual(kinds((await disk.apply([removal])).results), ['done']);
    writeFileSync(path.join(root, '.csyncd/tmp/a-0'), 'left');
    writeFileSync(path.join(root, '.csyncd/tmp/dl-1'), 'going on');
    const recovered = await disk.recover([
      { path: 'd/f' as RelPath, backupId: 'b1', wanted: { value: { kind: 'absent' }, dots: [] } },
      { path: 'd/g' as RelPath, backupId: 'b2', wanted: { value: { kind: 'absent' }, dots: [] } },
    ]);
    assert.deepEqual(recovered, {
      removed: 1,
      keptBackups: ['b1'],
      droppedBackups: ['b2'],
      paths: ['d/f', 'd/g'],
    });
    assert.deepEqual(
      (await disk.listBackups()).map(({ id }) => id),
      ['b1'],
    );
    await disk.removeBackups(['b1', 'b2']);
    assert.deepEqual(await disk.listBackups(), []);
  });
});

describe('content', () => {
  it('gives small files whole, and nothing of changed ones', async () => {
    await disk.apply([write('a', 'one'), write('b', 'two')]);
    const seen = await look();
    const wanted = seen.flatMap((one) =>
      one.kind === 'present' && one.value.kind === 'file'
        ? [{ path: one.path, identity: one.identity, sha256: one.value.sha256 }]
        : [],
    );
    appendFileSync(path.join(root, 'b'), '!');
    const contents = await disk.readSmall(wanted);
    assert.deepEqual(
      contents.map((one) => one && Buffer.from(one).toString()),
      ['one', null],
    );
  });

  it('reads and writes large files by parts, and hashes them', async () => {
    const temp = await disk.openTemp('dl-x');
    await temp.writeAt(0, Buffer.from('hello'));
    await temp.writeAt(5, new Uint8Array([0x21]));
    assert.equal(await temp.sha256(), sha256('hello!'));
    assert.equal(Buffer.from(await temp.readAt(3, 100)).toString(), 'lo!');
    assert.equal(Buffer.from(await temp.blockHashes(4)).toString('hex'), sha256('hell') + sha256('o!'));
    await temp.truncate(5);
    await temp.close();
    const again = await disk.openTemp('dl-x');
    assert.equal(again.size, 5);
    await again.close();
    assert.deepEqual(
      (await disk.listTemps()).map(({ name, size }) => [name, size]),
      [['dl-x', 5]],
    );
    const staged = { kind: 'staged', name: 'dl-x', verified: true } as const;
    assert.deepEqual(kinds((await disk.apply([change('f', file('hello'), { content: staged })])).results), [
      'done',
    ]);
    await assert.rejects(again.readAt(0, 1), (error) => codeOf(error) === 'EBADF');
    await assert.rejects(disk.openTemp('../f'), (error) => codeOf(error) === 'EINVAL');
    await disk.removeTemp('dl-x');
  });

  it('has what it received on the disk when it is complete, and most of it before, if it is to be durable', async () => {
    store.mapping('g', 'durable');
    const durable = await pool.open({ ...settings, mapping: 'durable', path: root, durability: 'strict' });
    const flushes = (): number => timings().find(({ phase }) => phase === 'flush')?.runs ?? 0;
    const receive = async (mapping: DiskMapping): Promise<number> => {
      const temp = await mapping.openTemp('dl-y');
      await temp.resumeDownload(0);
      const before = flushes();
      for (let part = 0; part < 100; part++) await temp.append(new Uint8Array(1024 * 1024).fill(part));
      const content = Buffer.alloc(100 * 1024 * 1024);
      for (let part = 0; part < 100; part++) content.fill(part, part * 1024 * 1024, (part + 1) * 1024 * 1024);
      assert.equal(await temp.finishDownload(), createHash('sha256').update(content).digest('hex'));
      await temp.close();
      await mapping.removeTemp('dl-y');
      return flushes() - before;
    };
    assert.ok((await receive(durable)) >= 2);
    assert.equal(await receive(disk), 0);
    await durable.close();
  });

  it('tells when a file is changed while it is being sent', async () => {
    writeFileSync(path.join(root, 'f'), 'one');
    const [seen] = await look();
    assert.ok(seen?.kind === 'present');
    const opened = await disk.openRead(seen.path, seen.identity);
    assert.equal(await opened?.isUnchanged(), true);
    appendFileSync(path.join(root, 'f'), '!');
    assert.equal(await opened?.isUnchanged(), false);
    await opened?.close();
    assert.equal(await disk.openRead(seen.path, seen.identity), null);
  });
});

describe('a root that cannot be used', () => {
  it('is refused with what is in the way', async () => {
    const refused = async (name: string, code: string): Promise<void> => {
      await assert.rejects(
        pool.open({ ...settings, mapping: path.basename(root), path: path.join(folder, name) }),
        (error) => codeOf(error) === code,
        name,
      );
    };
    writeFileSync(path.join(folder, 'file'), '');
    await refused('nowhere', 'root-missing');
    await refused('file', 'root-not-directory');
    believe([...(await look())]);
  });

  it('is not taken for emptied when its marker is missing', async () => {
    writeFileSync(path.join(root, 'f'), 'x');
    believe(await look());
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await assert.rejects(open(path.basename(root)), (error) => codeOf(error) === 'root-lost');
    assert.ok(!existsSync(path.join(root, '.csyncd')));
  });
});

describe('a mapping on another file system', () => {
  it('is served by workers of its own, all the same', async () => {
    const mounted = path.join(folder, 'mounted');
    mkdirSync(mounted);
    execFileSync('mount', ['-t', 'tmpfs', 'none', mounted]);
    try {
      store.mapping('g', 'mounted');
      const other = await pool.open({ ...settings, mapping: 'mounted', path: mounted });
      assert.deepEqual(kinds((await other.apply([write('f', 'x')])).results), ['done']);
      assert.deepEqual(told(await look(other)), ['file f']);
      assert.deepEqual(told(await look()), []);
      await other.close();
    } finally {
      execFileSync('umount', [mounted]);
    }
  });
});

describe('a worker that crashes', () => {
  it('rejects what it was doing, and is there again with its mappings', async () => {
    const other = path.join(folder, 'crashing');
    mkdirSync(path.join(other, 'bad'), { recursive: true });
    const beliefs = { kind: 'module', url: BELIEFS, args: { crashAt: 'bad' } } as const;
    const crashing = await pool.open({ ...settings, mapping: 'crashing', path: other, beliefs });
    await assert.rejects(look(crashing), (error) => codeOf(error) === 'worker-crashed');
    writeFileSync(path.join(root, 'f'), 'x');
    assert.deepEqual(told(await look()), ['file f']);
    await crashing.close();
    await assert.rejects(look(crashing), (error) => codeOf(error) === 'detached');
  });
});
