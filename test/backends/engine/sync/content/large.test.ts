import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { appendFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import type { RelPath } from '../../../../../src/backends/engine/core/types.ts';
import type { DiskMapping } from '../../../../../src/backends/engine/disk/pool.ts';
import type { ContentDisk } from '../../../../../src/backends/engine/sync/content/content-disk.ts';
import { Answer, Ask, MAX_WINDOW } from '../../../../../src/backends/engine/sync/content/frames.ts';
import { mountTmpfs } from '../../../../sys/mounts.ts';
import {
  ContentNode,
  join2,
  openTestPool,
  random,
  requestFor,
  sha256Of,
  until,
  type Cable,
} from './nodes.ts';

const MiB = 1024 * 1024;
const pool = openTestPool();
after(() => pool.close());

let here: ContentNode;
let web2: ContentNode;
let web3: ContentNode;

beforeEach(async () => {
  here = await ContentNode.start(pool, 'web1');
  web2 = await ContentNode.start(pool, 'web2');
  web3 = await ContentNode.start(pool, 'web3');
});

const parts = (cable: Cable): Cable['log'] => cable.log.filter(({ type }) => type === Answer.part);

/** The receiving side's writes wait for this. */
function heldWrites(gate: Promise<void>): (disk: DiskMapping) => ContentDisk {
  return (disk) => ({
    readSmall: (wanted) => disk.readSmall(wanted),
    openRead: (path, identity) => disk.openRead(path, identity),
    openBackup: (id) => disk.openBackup(id),
    removeTemp: (name) => disk.removeTemp(name),
    async openTemp(name) {
      const file = await disk.openTemp(name);
      const append = file.append.bind(file);
      file.append = (bytes) => gate.then(() => append(bytes));
      return file;
    },
  });
}

/** Cuts the link when so many more bytes of content have come. */
function cutAfter(cable: Cable, bytes: number): void {
  let left = bytes;
  cable.bend = (frame) => {
    left -= frame.type === Answer.part ? (frame.body?.length ?? 0) : 0;
    if (left < 0) setImmediate(() => cable.cut());
    return frame;
  };
}

describe('a large file', () => {
  it('is staged in a temporary, its hash checked', async () => {
    join2(here, web2);
    const bytes = random(5 * MiB + 123);
    const fetched = await here.fetch(web2.put('dir/large', bytes));
    assert.ok(fetched.kind === 'staged');
    assert.match(fetched.name, /^dl-/);
    assert.equal(sha256Of(here.contentOf(fetched)), sha256Of(bytes));
    assert.equal(here.transfer.counters.received, bytes.length);
    assert.equal(web2.transfer.counters.sent, bytes.length);
  });

  it('twice under two names gets two temporaries', async () => {
    join2(here, web2);
    const bytes = random(MiB);
    const fetched = await Promise.all([here.fetch(web2.put('a', bytes)), here.fetch(web2.put('b', bytes))]);
    assert.ok(fetched.every((one) => sha256Of(here.contentOf(one)) === sha256Of(bytes)));
    assert.equal(here.temporaries().length, 2);
  });

  it('comes out of the backup as well', async () => {
    join2(here, web2);
    const bytes = random(2 * MiB);
    writeFileSync(join(web2.root, '.csyncd/backup/id-1'), bytes);
    web2.located.set(`gone ${sha256Of(bytes)}`, { kind: 'backup', id: 'id-1' });
    assert.equal((await here.fetch(requestFor('gone', bytes, web2))).kind, 'staged');
  });

  it('stops the sender when the disk that receives it is slow', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await ContentNode.start(pool, 'slow', { bend: heldWrites(gate.promise) });
    const cable = join2(slow, web2);
    const bytes = random(4 * MAX_WINDOW);
    const fetching = slow.fetch(web2.put('large', bytes));
    await until(() => slow.transfer.counters.received === MAX_WINDOW);
    const small = await slow.fetch(web2.put('small', random(100)));
    assert.equal(small.kind, 'inline');
    assert.equal(web2.transfer.counters.sent, MAX_WINDOW + 100);
    gate.resolve();
    assert.equal((await fetching).kind, 'staged');
    await until(() => cable.log.some(({ type }) => type === Answer.end));
  });

  it('does not delay small ones, and takes turns with other large ones', async () => {
    const cable = join2(here, web2);
    const large = web2.put('large', random(32 * MiB));
    const other = web2.put('other', random(16 * MiB));
    const small = web2.put('small', random(1000));
    const fetching = [here.fetch(large), here.fetch(other)];
    await until(() => new Set(parts(cable).map(({ stream }) => stream)).size === 2);
    fetching.push(here.fetch(small));
    assert.ok((await Promise.all(fetching)).every(({ kind }) => kind !== 'unavailable'));
    const asked = cable.log.findIndex(({ type }) => type === Ask.small);
    const given = cable.log.findIndex(({ type }) => type === Answer.contents);
    const between = parts({ ...cable, log: cable.log.slice(asked, given) });
    assert.ok(between.length <= 8, `${between.length} parts before the small file`);
    const lastOf = (stream: number): number => parts(cable).findLastIndex((part) => part.stream === stream);
    const [first, second] = [...new Set(parts(cable).map(({ stream }) => stream))];
    assert.ok(parts(cable).findIndex((part) => part.stream === second) < lastOf(first ?? 0));
  });

  it('goes on after a cut where it was, from whoever has it', async () => {
    const bytes = random(12 * MiB);
    const cable = join2(here, web2);
    join2(here, web3);
    const request = web2.put('large', bytes, web2, web3);
    web3.put('large', bytes);
    cutAfter(cable, 4 * MiB);
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    assert.ok(here.transfer.counters.received <= bytes.length + 2 * MiB);
  });

  it('keeps what came when nobody else has it, and goes on after a restart', async () => {
    const bytes = random(12 * MiB);
    const request = web2.put('large', bytes);
    let received = 0;
    for (let tries = 0; ; tries++) {
      assert.ok(tries < 20);
      const again = await ContentNode.start(pool, 'web1', { root: here.root });
      const cable = join2(again, web2);
      cutAfter(cable, randomInt(1, 4 * MiB));
      const fetched = await again.fetch(request);
      received += again.transfer.counters.received;
      cable.cut();
      await again.disk.close();
      if (fetched.kind === 'unavailable') continue;
      assert.equal(sha256Of(here.contentOf(fetched)), sha256Of(bytes));
      break;
    }
    assert.ok(received < 2 * bytes.length, `${received} bytes received`);
    assert.equal(here.temporaries().length, 1);
  });

  it('begins afresh when what was there is damaged', async () => {
    join2(here, web2);
    const bytes = random(3 * MiB);
    const request = web2.put('large', bytes);
    const first = await here.fetch(request);
    assert.ok(first.kind === 'staged');
    writeFileSync(join(here.root, '.csyncd/tmp', first.name), random(MiB));
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    assert.equal(here.transfer.counters.corrupt, 1);
  });

  it('of another content than was said is removed, counted, and asked of the next candidate', async () => {
    const cable = join2(here, web2);
    join2(here, web3);
    const bytes = random(3 * MiB);
    const request = web2.put('large', bytes, web2, web3);
    cable.bend = (frame) =>
      frame.type === Answer.part ? { ...frame, body: random(frame.body?.length ?? 0) } : frame;
    assert.equal((await here.fetch(request)).kind, 'unavailable');
    assert.deepEqual(here.temporaries(), []);
    web3.put('large', bytes);
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    assert.equal(here.transfer.counters.corrupt, 2);
  });

  it('that is changed while it is read comes from the next candidate', async () => {
    const cable = join2(here, web2);
    join2(here, web3);
    const bytes = random(24 * MiB);
    const request = web2.put('large', bytes, web2, web3);
    web3.put('large', bytes);
    let isChanged = false;
    cable.bend = (frame) => {
      if (frame.type === Answer.part && !isChanged) appendFileSync(join(web2.root, 'large'), 'x');
      isChanged ||= frame.type === Answer.part;
      return frame;
    };
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    assert.equal(here.transfer.counters.corrupt, 0);
    assert.ok(web3.transfer.counters.sent > 0);
  });

  it('is given up on both sides when it is no longer wanted', async () => {
    const gate = Promise.withResolvers<void>();
    const slow = await ContentNode.start(pool, 'slow', { bend: heldWrites(gate.promise) });
    const cable = join2(slow, web2);
    const abort = new AbortController();
    const fetching = slow.fetch(web2.put('large', random(32 * MiB)), abort.signal);
    await until(() => parts(cable).length > 0);
    abort.abort();
    gate.resolve();
    assert.deepEqual(await fetching, { kind: 'unavailable', reason: 'no longer wanted' });
    await until(() => cable.log.some(({ type }) => type === Ask.cancel));
    await until(() => openFilesBelow(web2.root) === openFilesBelow(web3.root));
    assert.equal(slow.temporaries().length, 1);
  });

  it('that does not fit on the disk fails with its code, and leaves nothing', async () => {
    const mounted = mountTmpfs();
    try {
      const full = await ContentNode.start(pool, 'full', { root: mounted.newDir() });
      join2(full, web2);
      const fetched = await full.fetch(web2.put('large', random(80 * MiB)));
      assert.ok(fetched.kind === 'failed');
      assert.equal(fetched.code, 'ENOSPC');
      assert.deepEqual(full.temporaries(), []);
      await full.disk.close();
    } finally {
      mounted.unmount();
    }
  });

  it('leaves no descriptor open', async () => {
    const cable = join2(here, web2);
    const before = openFilesBelow(here.root) + openFilesBelow(web2.root);
    const requests = Array.from({ length: 40 }, (_, n) => web2.put(`f${n}`, random(200_000)));
    await Promise.all(requests.map((request) => here.fetch(request)));
    await until(() => openFilesBelow(here.root) + openFilesBelow(web2.root) === before);
    cable.cut();
  });
});

describe('a large file of which an older version is here', () => {
  const edited = async (old: Buffer, bytes: Buffer): Promise<{ received: number; saved: number }> => {
    join2(here, web2);
    writeFileSync(join(here.root, 'file'), old);
    const request = { ...web2.put('file', bytes), base: 'file' as RelPath };
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    const { received, savedByBlocks } = here.transfer.counters;
    return { received, saved: savedByBlocks };
  };

  it('is sent without the blocks that did not change', async () => {
    const old = random(32 * MiB);
    const bytes = Buffer.from(old);
    for (let place = 0; place < 4; place++) random(65_536).copy(bytes, place * 7 * MiB + 1000);
    const { received, saved } = await edited(old, bytes);
    assert.equal(received, 8 * 65_536);
    assert.equal(received + saved, bytes.length);
  });

  it('is sent without what was only shifted', async () => {
    const old = random(16 * MiB);
    const bytes = Buffer.concat([
      old.subarray(0, 5 * MiB),
      random(1000),
      old.subarray(5 * MiB, 9 * MiB),
      old.subarray(9 * MiB + 777),
    ]);
    const { received } = await edited(old, bytes);
    assert.ok(received < 5 * 65_536, `${received} bytes received`);
  });

  it('is sent without what was only swapped', async () => {
    const old = random(8 * MiB);
    const { received } = await edited(old, Buffer.concat([old.subarray(4 * MiB), old.subarray(0, 4 * MiB)]));
    assert.equal(received, 0);
  });

  it('is sent whole when nothing of it is known', async () => {
    assert.deepEqual(await edited(random(4 * MiB), random(4 * MiB)), { received: 4 * MiB, saved: 0 });
  });

  it('is sent whole when the older one is gone, small, or no file', async () => {
    join2(here, web2);
    writeFileSync(join(here.root, 'tiny'), 'x');
    for (const base of ['gone', 'tiny', '.csyncd']) {
      const bytes = random(2 * MiB);
      const request = { ...web2.put(`of ${base}`, bytes), base: base as RelPath };
      assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    }
  });

  it('begins afresh when the older one is written to meanwhile', async () => {
    const cable = join2(here, web2);
    const old = random(8 * MiB);
    const bytes = Buffer.concat([old, random(100_000)]);
    writeFileSync(join(here.root, 'file'), old);
    const request = { ...web2.put('file', bytes), base: 'file' as RelPath };
    cable.bend = (frame) => {
      if (frame.type === Ask.read) writeFileSync(join(here.root, 'file'), random(8 * MiB));
      return frame;
    };
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), sha256Of(bytes));
    assert.equal(here.transfer.counters.corrupt, 1);
  });

  it('is compared and resumed at once, through random cuts', async () => {
    const old = random(16 * MiB);
    const bytes = Buffer.concat([
      random(3 * MiB),
      old.subarray(MiB, 9 * MiB),
      random(4 * MiB),
      old.subarray(9 * MiB),
    ]);
    const request = { ...web2.put('file', bytes, web2, web3), base: 'file' as RelPath };
    web3.put('file', bytes);
    writeFileSync(join(here.root, 'file'), old);
    for (let tries = 0; ; tries++) {
      assert.ok(tries < 20);
      const cables = [join2(here, web2), join2(here, web3)];
      for (const cable of cables) cutAfter(cable, randomInt(1, 3 * MiB));
      const fetched = await here.fetch(request);
      for (const cable of cables) cable.cut();
      if (fetched.kind === 'unavailable') continue;
      assert.equal(sha256Of(here.contentOf(fetched)), sha256Of(bytes));
      return;
    }
  });
});

function openFilesBelow(root: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      const { dev, ino } = statSync(`/proc/self/fd/${fd}`);
      return readdirSync(root, { recursive: true }).some((name) => {
        const stat = statSync(join(root, name.toString()));
        return stat.isFile() && stat.dev === dev && stat.ino === ino;
      });
    } catch {
      return false;
    }
  }).length;
}
