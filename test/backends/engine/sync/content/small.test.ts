import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { Answer, Ask, MOST_SMALL } from '../../../../../src/backends/engine/sync/content/frames.ts';
import { ContentNode, join2, openTestPool, random, requestFor, sha256Of, until } from './nodes.ts';

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

describe('small files', () => {
  it('asked for in one moment travel many to a frame', async () => {
    const cable = join2(here, web2);
    const contents = Array.from({ length: 600 }, (_, n) => random(n));
    const fetched = await Promise.all(
      contents.map((bytes, n) => here.fetch(web2.put(`dir/file-${n}`, bytes))),
    );
    for (const [n, bytes] of contents.entries())
      assert.deepEqual(Buffer.from(here.contentOf(fetched[n] ?? fail())), bytes);
    const requests = cable.log.filter(({ type }) => type === Ask.small).length;
    assert.equal(requests, Math.ceil(600 / MOST_SMALL));
    assert.equal(cable.log.length, 2 * requests);
    assert.equal(
      here.transfer.counters.received,
      contents.reduce((sum, { length }) => sum + length, 0),
    );
    assert.equal(web2.transfer.counters.sent, here.transfer.counters.received);
  });

  it('have a buffer of their own, that keeps no other alive', async () => {
    join2(here, web2);
    const requests = [web2.put('a', random(100)), web2.put('b', random(200))];
    for (const fetched of await Promise.all(requests.map((request) => here.fetch(request)))) {
      assert.ok(fetched.kind === 'inline');
      assert.equal(fetched.bytes.buffer.byteLength, fetched.bytes.length);
    }
  });

  it('of long names and of many bytes are spread over requests', async () => {
    const cable = join2(here, web2);
    const long = Array.from({ length: 8 }, () => 'n\u0001'.repeat(100)).join('/');
    const requests = Array.from({ length: 60 }, (_, n) => web2.put(`${long}/${n}`, random(60_000)));
    const fetched = await Promise.all(requests.map((request) => here.fetch(request)));
    assert.ok(fetched.every(({ kind }) => kind === 'inline'));
    assert.ok(
      cable.log.filter(({ type }) => type === Answer.contents).every(({ bytes }) => bytes <= 1024 ** 2),
    );
  });

  it('come from the next candidate when the first has another version, none, or is not linked', async () => {
    join2(here, web2);
    join2(here, web3);
    const bytes = random(1000);
    const gone = requestFor('gone', bytes, web2, web3);
    web3.put('gone', bytes);
    const changed = web2.put('changed', bytes, web2, web3);
    web3.put('changed', bytes);
    writeFileSync(join(web2.root, 'changed'), random(1000));
    const web4 = await ContentNode.start(pool, 'web4');
    const unlinked = web3.put('unlinked', bytes, web4, web3);
    for (const fetched of await Promise.all([gone, changed, unlinked].map((request) => here.fetch(request))))
      assert.equal(sha256Of(here.contentOf(fetched)), sha256Of(bytes));
  });

  it('that nobody has are unavailable, with what each candidate said', async () => {
    join2(here, web2);
    const fetched = await here.fetch(requestFor('x', random(10), web2, web3));
    assert.ok(fetched.kind === 'unavailable');
    assert.equal(fetched.reason, 'web2: has it no more; web3 is not linked');
  });

  it('are counted and asked of the next candidate when they are not what they were said to be', async () => {
    const cable = join2(here, web2);
    join2(here, web3);
    const bytes = random(1000);
    const request = web2.put('file', bytes, web2, web3);
    web3.put('file', bytes);
    cable.bend = (frame) =>
      frame.type === Answer.contents
        ? { ...frame, body: Buffer.from(frame.body ?? []).fill(0, 0, 1) }
        : frame;
    assert.deepEqual(Buffer.from(here.contentOf(await here.fetch(request))), bytes);
    assert.equal(here.transfer.counters.corrupt, bytes[0] === 0 ? 0 : 1);
  });

  it('come from memory and from the backup as well', async () => {
    join2(here, web2);
    const [kept, held] = [random(500), random(600)];
    writeFileSync(join(web2.root, '.csyncd/backup/id-1'), kept);
    web2.located.set(`kept ${sha256Of(kept)}`, { kind: 'backup', id: 'id-1' });
    web2.located.set(`held ${sha256Of(held)}`, { kind: 'bytes', bytes: held });
    const fetched = await Promise.all([
      here.fetch(requestFor('kept', kept, web2)),
      here.fetch(requestFor('held', held, web2)),
    ]);
    assert.deepEqual(
      fetched.map((one) => sha256Of(here.contentOf(one))),
      [sha256Of(kept), sha256Of(held)],
    );
  });

  it('are asked of the next candidate when the link is cut before the answer', async () => {
    const cable = join2(here, web2);
    join2(here, web3);
    const bytes = random(100);
    const request = web2.put('file', bytes, web2, web3);
    web3.put('file', bytes);
    cable.bend = (frame) => {
      if (frame.type === Answer.contents) setImmediate(() => cable.cut());
      return frame.type === Answer.contents ? null : frame;
    };
    assert.equal(sha256Of(here.contentOf(await here.fetch(request))), request.sha256);
  });

  it('are not waited for when they are no longer wanted', async () => {
    const cable = join2(here, web2);
    cable.bend = (frame) => (frame.type === Answer.contents ? null : frame);
    const abort = new AbortController();
    const fetching = here.fetch(web2.put('file', random(100)), abort.signal);
    await until(() => cable.log.some(({ type }) => type === Ask.small));
    abort.abort();
    assert.equal((await fetching).kind, 'unavailable');
    await until(() => cable.log.some(({ type }) => type === Ask.cancel));
  });

  it('are not given to a peer that did not prove the group', async () => {
    join2(here, web2, ['other']);
    web2.put('file', random(10));
    const fetched = await here.fetch(requestFor('file', random(10), web2));
    assert.equal(fetched.kind, 'unavailable');
  });
});

function fail(): never {
  throw new Error('missing');
}
