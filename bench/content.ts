/**
 * How fast content travels between two processes over TLS on loopback: `node bench/content.ts [DIR] [MiB]` (default: a
 * folder below the system's temporary one, 1024). Every figure is the median of three; nothing is flushed to the disk.
 */
import { fork } from 'node:child_process';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity as FileIdentity, NodeId, RelPath, Sha256 } from '../src/backends/engine/core/types.ts';
import { openDiskPool } from '../src/backends/engine/disk/pool.ts';
import { createCertificate } from '../src/util/certificate.ts';
import type { Link } from '../src/backends/engine/net/link.ts';
import { createNetwork } from '../src/backends/engine/net/network.ts';
import { createPins } from '../src/backends/engine/net/pins.ts';
import { identityNow } from '../src/backends/engine/scan/identity.ts';
import { openStore } from '../src/backends/engine/store/sqlite.ts';
import type { ContentTransfer } from '../src/backends/engine/sync/content-transfer.ts';
import { createContentTransfer } from '../src/backends/engine/sync/content/transfer.ts';
import type { Fetched, FetchRequest } from '../src/backends/engine/sync/effects.ts';
import { openSys } from '../src/sys/open.ts';
import { silentLogger } from '../src/util/log.ts';

const RUNS = 3;
const MiB = 1024 * 1024;
const SMALL_FILES = 10_000;
const ABOUT = { group: 'bench', mapping: 'files' };
const NODES = ['giver', 'receiver'] as const;
const KEY = Buffer.alloc(64, 'k');

interface Offer {
  readonly path: RelPath;
  readonly sha256: Sha256;
  readonly size: number;
  readonly identity: FileIdentity;
}

interface Running {
  readonly transfer: ContentTransfer;
  readonly root: string;
  readonly port: number;
  readonly offers: Map<string, Offer>;
  readonly linked: Promise<Link>;
  stop(): Promise<void>;
}

async function start(name: string, folder: string, dial: number | null): Promise<Running> {
  const root = join(folder, name);
  fs.mkdirSync(root);
  const stateDir = join(folder, `${name}.state`);
  const store = openStore(stateDir);
  store.mapping(ABOUT.group, ABOUT.mapping);
  const pool = openDiskPool({ stateDir, log: silentLogger() });
  const settings = { path: root, exclude: [], include: [], owner: 'ignore', durability: 'relaxed' } as const;
  const disk = await pool.open({ ...ABOUT, ...settings });
  const offers = new Map<string, Offer>();
  const linked = Promise.withResolvers<Link>();
  let link: Link | null = null;
  const transfer = createContentTransfer({
    sessions: () => link,
    disk: () => disk,
    source: {
      locate: (_, path) => {
        const offer = offers.get(path);
        return offer === undefined ? null : { kind: 'path', path, identity: offer.identity };
      },
    },
  });
  const { key, cert } = await createCertificate(name, [name]);
  const pins = new Map<string, string>();
  const network = createNetwork({
    node: name as NodeId,
    version: '0',
    listen: { host: '127.0.0.1', port: 0 },
    peers: NODES.filter((node) => node !== name).map((node) => ({
      name: node as NodeId,
      host: '127.0.0.1',
      port: dial ?? 1,
    })),
    groups: [{ name: ABOUT.group, key: KEY, members: NODES }],
    identity: { key, cert, ca: null, fingerprint: new X509Certificate(cert).fingerprint256 },
    limits: { sendRate: 0, receiveRate: 0 },
    pins: createPins({ get: (at) => pins.get(at) ?? null, set: (at, pin) => void pins.set(at, pin) }),
    clock: Date,
    events: {
      linked(made) {
        link = made;
        const content = transfer.linked(made);
        linked.resolve(made);
        return {
          message: () => undefined,
          bulk: (frame) => content.bulk(frame),
          closed: () => content.closed(),
        };
      },
      problem: () => undefined,
      stranger: () => undefined,
    },
  });
  await network.start();
  return {
    transfer,
    root,
    port: network.address().port,
    offers,
    linked: linked.promise,
    async stop() {
      await network.stop();
      await pool.close();
      store.close();
    },
  };
}

function offer(node: Running, path: string): Offer {
  const sys = openSys();
  const fd = sys.openFile(sys.openRoot(node.root), path);
  const stat = sys.fstat(fd);
  const digest = createHash('sha256');
  const chunk = Buffer.alloc(MiB);
  for (let at = 0; at < stat.size;) {
    const count = sys.read(fd, chunk, at);
    digest.update(chunk.subarray(0, count));
    at += count;
  }
  sys.close(fd);
  const made: Offer = {
    path: path as RelPath,
    sha256: digest.digest('hex') as Sha256,
    size: stat.size,
    identity: identityNow(stat),
  };
  node.offers.set(path, made);
  return made;
}

/** The giver's process: makes the files, and gives them until it is killed. */
async function give(folder: string, size: number): Promise<void> {
  const node = await start('giver', folder, null);
  fs.mkdirSync(join(node.root, 'small'));
  const small = Array.from({ length: SMALL_FILES }, (_, n) => {
    fs.writeFileSync(join(node.root, 'small', `${n}`), randomBytes(4096));
    return offer(node, `small/${n}`);
  });
  const large = join(node.root, 'large');
  for (let at = 0; at < size; at += MiB) fs.appendFileSync(large, randomBytes(MiB));
  fs.copyFileSync(large, join(node.root, 'edited'));
  const edited = fs.openSync(join(node.root, 'edited'), 'r+');
  for (let place = 0; place < 16; place++)
    fs.writeSync(edited, randomBytes(65_536), 0, 65_536, Math.floor((size / 16) * place) + 12_345);
  fs.closeSync(edited);
  fs.writeFileSync(join(node.root, 'shifted'), 'inserted');
  for (let at = 0; at < size; at += MiB)
    fs.appendFileSync(join(node.root, 'shifted'), readAt(large, at, MiB));
  const files = ['large', 'edited', 'shifted'].map((path) => offer(node, path));
  process.send?.({ port: node.port, small, files });
  process.on('disconnect', () => void node.stop().then(() => process.exit(0)));
}

function readAt(file: string, position: number, length: number): Buffer {
  const fd = fs.openSync(file, 'r');
  const bytes = Buffer.alloc(length);
  fs.readSync(fd, bytes, 0, length, position);
  fs.closeSync(fd);
  return bytes;
}

async function receive(folder: string, size: number): Promise<void> {
  const giver = fork(new URL(import.meta.url), [folder, `${size / MiB}`, 'giver']);
  const [{ port, small, files }] = (await once(giver, 'message')) as [
    { port: number; small: Offer[]; files: [Offer, Offer, Offer] },
  ];
  const node = await start('receiver', folder, port);
  await node.linked;
  const [large, edited, shifted] = files;
  const base = join(node.root, 'base');
  fs.copyFileSync(join(folder, 'giver/large'), base);
  const ask = (wanted: Offer, from: string | null): Promise<Fetched> => {
    const request: FetchRequest = {
      ...wanted,
      candidates: ['giver' as NodeId],
      base: from as RelPath | null,
    };
    return node.transfer.fetch(ABOUT, request, never);
  };
  const one = async (wanted: Offer, from: string | null): Promise<void> => {
    const fetched = await ask(wanted, from);
    if (fetched.kind !== 'staged') throw new Error(JSON.stringify(fetched));
    fs.unlinkSync(join(node.root, '.csyncd/tmp', fetched.name));
  };
  await report(`${size / MiB} MiB`, size, node, () => one(large, null));
  await report('16 x 64 KiB of it changed', size, node, () => one(edited, 'base'));
  await report('8 bytes inserted at its beginning', size, node, () => one(shifted, 'base'));
  await report(`${SMALL_FILES} files of 4 KiB`, SMALL_FILES * 4096, node, async () => {
    for (let at = 0; at < small.length; at += 1024)
      await Promise.all(small.slice(at, at + 1024).map((wanted) => ask(wanted, null)));
  });
  giver.disconnect();
  await node.stop();
}

const never = new AbortController().signal;

async function report(what: string, bytes: number, node: Running, run: () => Promise<void>): Promise<void> {
  const times: number[] = [];
  const before = node.transfer.counters.received;
  for (let n = 0; n < RUNS; n++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  const ms = times.sort((a, b) => a - b)[RUNS >> 1] ?? Number.NaN;
  const wire = (node.transfer.counters.received - before) / RUNS / 1e6;
  const rate = `${(bytes / 1e3 / ms).toFixed(0)} MB/s`;
  console.log(
    `${what.padEnd(40)}${ms.toFixed(0).padStart(7)} ms${rate.padStart(12)}${wire.toFixed(1).padStart(9)} MB received`,
  );
}

const [, , place, count = '1024', role] = process.argv;
if (role === 'giver' && place !== undefined) await give(place, Number(count) * MiB);
else {
  const folder = fs.mkdtempSync(join(place ?? tmpdir(), 'csyncd-bench-'));
  try {
    await receive(folder, Number(count) * MiB);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
