/**
 * The wire by itself: one link between two processes on loopback with TLS, and the codec of row batches. Prints one line a
 * figure; nothing is asserted.
 *
 *     node bench/net.ts [MiB to send, default 1024]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { compress } from '../src/backends/engine/wire/compression.ts';
import { decodeRows, encodeRows } from '../src/backends/engine/wire/rows-codec.ts';
import type { RowsMessage } from '../src/backends/engine/wire/rows-codec.ts';
import type { Actor, NodeId, RelPath, Sha256 } from '../src/backends/engine/core/types.ts';
import type { Message, RowUpdate } from '../src/backends/engine/wire/messages.ts';
import { createCertificate } from '../src/util/certificate.ts';
import type { Link } from '../src/backends/engine/net/link.ts';
import { createNetwork } from '../src/backends/engine/net/network.ts';
import { createPins } from '../src/backends/engine/net/pins.ts';

const MiB = 1024 * 1024;
const total = Number(process.argv[2] ?? 1024) * MiB;
const PINGS = 300_000;
const groups = [{ name: 'bench', key: Buffer.from('k'.repeat(64)), members: ['sender', 'receiver'] }];

interface Handlers {
  message(message: Message, link: Link): void;
  bulk(bytes: number, link: Link): void;
}

async function network(
  node: string,
  peers: { name: NodeId; host: string; port: number }[],
  handlers: Handlers,
) {
  const stored = new Map<string, string>();
  const { key, cert } = await createCertificate(node, [node]);
  const linked = Promise.withResolvers<Link>();
  const running = createNetwork({
    node: node as NodeId,
    version: 'bench',
    listen: { host: '127.0.0.1', port: 0 },
    peers,
    groups,
    identity: { key, cert, ca: null, fingerprint: new X509Certificate(cert).fingerprint256 },
    limits: { sendRate: 0, receiveRate: 0 },
    pins: createPins({
      get: (name) => stored.get(name) ?? null,
      set: (name, value) => void stored.set(name, value),
    }),
    clock: Date,
    events: {
      linked(link) {
        linked.resolve(link);
        return {
          message: (message) => handlers.message(message, link),
          bulk: (frame) => handlers.bulk(frame.body?.length ?? 0, link),
          closed: () => undefined,
        };
      },
      problem: () => undefined,
      stranger: () => undefined,
    },
  });
  await running.start();
  return { running, linked: linked.promise };
}

/** The other process: says when it has everything. */
async function receiver(): Promise<void> {
  let bytes = 0;
  let pings = 0;
  const done = (link: Link) => link.send({ kind: 'credit', bytes: 0 });
  const peers = [{ name: 'sender' as NodeId, host: '127.0.0.1', port: 1 }];
  const { running } = await network('receiver', peers, {
    message(_, link) {
      if (++pings === PINGS) done(link);
    },
    bulk(count, link) {
      bytes += count;
      if (bytes < total) return;
      bytes = 0;
      done(link);
    },
  });
  process.send?.(running.address().port);
}

async function measure(
  what: string,
  amount: number,
  unit: string,
  work: () => void | Promise<void>,
): Promise<void> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const busy = (user + system) / 1e6 / seconds;
  console.log(
    `${what}: ${Math.round(amount / seconds).toLocaleString('en')} ${unit}/s (${Math.round(busy * 100)} % of a core here)`,
  );
}

async function link(): Promise<void> {
  const child = fork(import.meta.filename, [String(total / MiB)], {
    env: { ...process.env, BENCH_ROLE: 'receiver' },
  });
  const [port] = (await once(child, 'message')) as [number];
  let done = Promise.withResolvers<void>();
  const handlers = { message: () => done.resolve(), bulk: () => undefined };
  const peer = { name: 'receiver' as NodeId, host: '127.0.0.1', port };
  let channel: Link | null = null;
  await measure('a link, from dial to first use', 1, 'links', async () => {
    const { linked } = await network('sender', [peer], handlers);
    channel = await linked;
    await channel.bulk.send({ stream: 0, type: 1, header: null, body: null });
  });
  if (channel === null) return;
  const established: Link = channel;
  for (const size of [64 * 1024, 256 * 1024, MiB]) {
    const body = Buffer.alloc(size, 'csyncd ');
    for (let run = 0; run < 3; run++) {
      done = Promise.withResolvers<void>();
      await measure(`bulk, frames of ${size / 1024} KiB`, total / 1e6, 'MB', async () => {
        for (let sent = 0; sent < total; sent += size)
          await established.bulk.send({ stream: 1, type: 1, header: { sent }, body });
        await done.promise;
      });
    }
  }
  done = Promise.withResolvers<void>();
  await measure('small messages', PINGS, 'messages', async () => {
    for (let time = 0; time < PINGS; time++) established.send({ kind: 'ping', time });
    await done.promise;
  });
  child.kill();
}

async function rows(): Promise<void> {
  const count = 2000;
  const actor = 'web1#3k9' as Actor;
  const update = (i: number): RowUpdate => ({
    path: `www/shared/uploads/2026/${i % 100}/image-${i}.jpeg` as RelPath,
    seq: i,
    row: {
      context: new Map([[actor, 1_790_000_000_000 + i]]),
      siblings: [
        {
          dot: { actor, counter: 1_790_000_000_000 + i },
          value: {
            kind: 'file',
            sha256: i.toString(16).padStart(64, 'a5') as Sha256,
            size: 4096 + i,
            mtimeNs: 1_790_000_000_123_456_789n + BigInt(i),
            mode: 0o644,
            owner: 'www-data:www-data',
          },
        },
      ],
    },
    movedFrom: null,
    content: null,
  });
  const batch: RowsMessage = {
    kind: 'rows',
    group: 'web',
    mapping: 'shared',
    prev: 0,
    last: count,
    rows: Array.from({ length: count }, (_, i) => update(i)),
  };
  const rounds = 500;
  const bytes = encodeRows(batch);
  const repeated = (work: () => void) => () => {
    for (let round = 0; round < rounds; round++) work();
  };
  await measure(
    'rows encoded',
    rounds * count,
    'rows',
    repeated(() => encodeRows(batch)),
  );
  await measure(
    'rows decoded',
    rounds * count,
    'rows',
    repeated(() => decodeRows(bytes)),
  );
  await measure(
    'rows compressed',
    rounds * count,
    'rows',
    repeated(() => compress(bytes)),
  );
  console.log(`bytes a row: ${bytes.length / count}, compressed ${(compress(bytes)?.length ?? 0) / count}`);
}

if (process.env['BENCH_ROLE'] === 'receiver') await receiver();
else {
  await rows();
  await link();
  process.exit(0);
}
