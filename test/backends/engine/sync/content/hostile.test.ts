import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import type { BulkFrame, Link } from '../../../../../src/backends/engine/net/link.ts';
import { Answer, Ask, MAX_WINDOW } from '../../../../../src/backends/engine/sync/content/frames.ts';
import { encodeRanges } from '../../../../../src/backends/engine/sync/content/numbers.ts';
import { ProtocolError } from '../../../../../src/backends/engine/wire/protocol-error.ts';
import { ABOUT, ContentNode, join2, openTestPool, random, sha256Of, until } from './nodes.ts';

const MiB = 1024 * 1024;
const pool = openTestPool();
after(() => pool.close());

let here: ContentNode;
let web2: ContentNode;

beforeEach(async () => {
  here = await ContentNode.start(pool, 'web1');
  web2 = await ContentNode.start(pool, 'web2');
});

/** A peer of `here` that says what the test lets it say. */
function impostor(): {
  readonly say: (frame: Partial<BulkFrame>) => void;
  readonly heard: BulkFrame[];
  readonly close: () => void;
} {
  const heard: BulkFrame[] = [];
  const link: Link = {
    peer: web2.name,
    groups: new Set([ABOUT.group]),
    refused: new Map(),
    features: new Set(),
    runId: 'run',
    clockSkewMs: 0,
    bulk: {
      send: (frame) => {
        heard.push(frame);
        return Promise.resolve();
      },
    },
    send: () => undefined,
    queuedBytes: () => 0,
    close: () => undefined,
  };
  here.links.set(web2.name, link);
  const handlers = here.transfer.linked(link);
  return {
    say: (frame) => void handlers.bulk({ ...FRAME, ...frame }),
    heard,
    close: () => handlers.closed(),
  };
}

const FRAME: BulkFrame = { stream: 1, type: Ask.small, header: null, body: null };
const whole = (size: number): Uint8Array => encodeRanges([{ at: 0, length: size }]);

describe('a peer that asks', () => {
  const HASH = 'a'.repeat(64);
  const small = { ...ABOUT, files: [['file', HASH, 10]] };
  const read = { ...ABOUT, path: 'file', sha256: HASH, size: 100_000, window: 1000 };
  const hashes = { ...ABOUT, path: 'file', sha256: HASH, size: 2 * MiB, blockSize: 65_536 };
  const bad: [string, Partial<BulkFrame>][] = [
    ['in an unknown way', { type: 0x42 }],
    ['with no header', { type: Ask.small }],
    ['for a group of no name', { header: { ...small, group: '../x' } }],
    ['for a path that leads out', { header: { ...small, files: [['../x', HASH, 10]] } }],
    ['for something in .csyncd', { header: { ...small, files: [['.csyncd/backup/x', HASH, 10]] } }],
    ['for a content of no hash', { header: { ...small, files: [['file', '../x', 10]] } }],
    ['for a small file that is large', { header: { ...small, files: [['file', HASH, 65_537]] } }],
    ['for nothing', { header: { ...small, files: [] } }],
    ['for too many', { header: { ...small, files: Array.from({ length: 257 }, () => ['file', HASH, 1]) } }],
    [
      'for too much',
      { header: { ...small, files: Array.from({ length: 17 }, () => ['file', HASH, 65_000]) } },
    ],
    ['for a negative size', { type: Ask.read, header: { ...read, size: -1 }, body: whole(1) }],
    [
      'with a window beyond all bounds',
      { type: Ask.read, header: { ...read, window: 2 ** 40 }, body: whole(1) },
    ],
    ['for no range', { type: Ask.read, header: read }],
    ['for a range that is cut off', { type: Ask.read, header: read, body: new Uint8Array(13) }],
    ['for what is beyond the end', { type: Ask.read, header: read, body: whole(100_001) }],
    ['for an empty range', { type: Ask.read, header: read, body: whole(0) }],
    [
      'for ranges that overlap',
      {
        type: Ask.read,
        header: read,
        body: encodeRanges([
          { at: 0, length: 10 },
          { at: 9, length: 10 },
        ]),
      },
    ],
    ['for blocks of one byte', { type: Ask.hashes, header: { ...hashes, blockSize: 1 } }],
    ['for a block beyond the end', { type: Ask.weak, header: hashes, body: Buffer.from([0, 0, 0, 32]) }],
    ['for credit without bytes', { type: Ask.credit, header: { bytes: 0 } }],
  ];
  for (const [name, frame] of bad) {
    it(`${name} breaks the protocol`, () => {
      assert.throws(() => impostor().say(frame), ProtocolError);
    });
  }

  it('twice on one stream breaks the protocol', () => {
    const peer = impostor();
    peer.say({ type: Ask.read, header: read, body: whole(10) });
    assert.throws(() => peer.say({ type: Ask.read, header: read, body: whole(10) }), ProtocolError);
  });

  it('for what this node does not have is refused', async () => {
    const peer = impostor();
    peer.say({ type: Ask.read, header: read, body: whole(10) });
    await until(() => peer.heard.length === 1);
    assert.equal(peer.heard[0]?.type, Answer.refused);
    assert.deepEqual(peer.heard[0]?.header, { code: 'absent', message: 'it is not here' });
  });

  it('for a mapping that is not there, or a group that it did not prove, gets nothing', async () => {
    const bytes = random(100_000);
    here.put('file', bytes);
    const peer = impostor();
    const sha256 = sha256Of(bytes);
    peer.say({ type: Ask.read, header: { ...read, sha256, group: 'other' }, body: whole(10) });
    peer.say({ stream: 2, type: Ask.read, header: { ...read, sha256, mapping: 'other' }, body: whole(10) });
    await until(() => peer.heard.length === 2);
    assert.ok(peer.heard.every(({ type }) => type === Answer.refused));
  });

  it('for more at a time than it may is told to wait, and without end, cut off', async () => {
    const bytes = random(100_000);
    const { sha256 } = here.put('file', bytes);
    const peer = impostor();
    for (let stream = 1; stream <= 130; stream++)
      peer.say({ stream, type: Ask.read, header: { ...read, sha256, window: 1 }, body: whole(10) });
    await until(() => peer.heard.some(({ type }) => type === Answer.refused));
    const refused = peer.heard.find(({ type }) => type === Answer.refused);
    assert.deepEqual(refused?.header, { code: 'busy', message: 'too many requests at a time' });
    assert.throws(() => {
      for (let stream = 1000; stream < 2000; stream++) peer.say({ stream, header: small });
    }, ProtocolError);
    peer.close();
  });

  it('gets no more than its window, whatever it asked for', async () => {
    const bytes = random(100_000);
    const { sha256 } = here.put('file', bytes);
    const peer = impostor();
    peer.say({ type: Ask.read, header: { ...read, sha256 }, body: whole(100_000) });
    await until(() => peer.heard.length === 1);
    assert.equal(peer.heard[0]?.body?.length, 1000);
    peer.say({ type: Ask.credit, header: { bytes: 500 } });
    await until(() => peer.heard.length === 2);
    assert.equal(peer.heard[1]?.body?.length, 500);
    peer.close();
  });
});

describe('a peer that is asked', () => {
  it('may answer what was never asked: it is ignored', () => {
    impostor().say({ stream: 77, type: Answer.part, body: random(10) });
  });

  it('and gives more than it was given credit for breaks the protocol', async () => {
    const peer = impostor();
    const bytes = random(16 * MiB);
    void here.fetch(web2.put('large', bytes));
    await until(() => peer.heard.length === 1);
    const stream = peer.heard[0]?.stream ?? 0;
    assert.throws(() => {
      for (let given = 0; given <= MAX_WINDOW; given += MiB)
        peer.say({ stream, type: Answer.part, body: random(MiB) });
    }, ProtocolError);
    peer.close();
  });

  it('and gives parts without content, or refuses without a code, breaks the protocol', async () => {
    for (const answer of [
      { type: Answer.part, body: new Uint8Array(0) },
      { type: Answer.refused, header: { code: 'because' } },
    ]) {
      const peer = impostor();
      void here.fetch(web2.put('large', random(MiB)));
      await until(() => peer.heard.length === 1);
      assert.throws(() => peer.say({ stream: peer.heard[0]?.stream ?? 0, ...answer }), ProtocolError);
      peer.close();
    }
  });

  for (const [name, answer] of [
    ['more than the file has', { type: Answer.part, body: Buffer.alloc(MiB) }],
    ['something else', { type: Answer.hashes, body: Buffer.alloc(100) }],
    ['the end before it came', { type: Answer.end }],
  ] as const) {
    it(`and gives ${name} is not asked any more, and nothing is written beyond the size`, async () => {
      const peer = impostor();
      const fetching = here.fetch(web2.put('large', random(100_000)));
      await until(() => peer.heard.length === 1);
      peer.say({ stream: peer.heard[0]?.stream ?? 0, ...answer });
      const fetched = await fetching;
      assert.ok(fetched.kind === 'unavailable');
      assert.match(fetched.reason, /protocol/);
      assert.deepEqual(here.temporaries(), []);
      peer.close();
    });
  }

  it('and gives small files of a wrong length or count is asked no more for them', async () => {
    for (const answer of [
      { header: { there: [1] }, body: new Uint8Array(9) },
      { header: { there: [] }, body: new Uint8Array(10) },
      { header: { there: 'all' }, body: new Uint8Array(10) },
      { header: null, body: null },
    ]) {
      const peer = impostor();
      const fetching = here.fetch(web2.put('small', random(10)));
      await until(() => peer.heard.length === 1);
      peer.say({ stream: peer.heard[0]?.stream ?? 0, type: Answer.contents, ...answer });
      assert.equal((await fetching).kind, 'unavailable');
      peer.close();
    }
  });

  it('and gives hashes of blocks that are not those of the file costs nothing but time', async () => {
    const cable = join2(here, web2);
    const bytes = random(4 * MiB);
    here.put('file', random(4 * MiB));
    cable.bend = (frame) =>
      frame.type === Answer.hashes || frame.type === Answer.weak
        ? { ...frame, body: random(frame.body?.length ?? 0) }
        : frame;
    const fetched = await here.fetch({ ...web2.put('file', bytes), base: bytesPath });
    assert.equal(sha256Of(here.contentOf(fetched)), sha256Of(bytes));
  });
});

const bytesPath = 'file' as Parameters<ContentNode['fetch']>[0]['path'];
