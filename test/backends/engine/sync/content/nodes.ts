/** Nodes with real disk workers on temporary directories, joined by links in memory that can be cut, held and bent. */
import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NodeId, RelPath, Sha256 } from '../../../../../src/backends/engine/core/types.ts';
import { openDiskPool } from '../../../../../src/backends/engine/disk/pool.ts';
import type { DiskMapping, DiskPool } from '../../../../../src/backends/engine/disk/pool.ts';
import type { BulkFrame, Link } from '../../../../../src/backends/engine/net/link.ts';
import { identityNow } from '../../../../../src/backends/engine/scan/identity.ts';
import type { ContentTransfer, Located } from '../../../../../src/backends/engine/sync/content-transfer.ts';
import type { ContentDisk } from '../../../../../src/backends/engine/sync/content/content-disk.ts';
import { createContentTransfer } from '../../../../../src/backends/engine/sync/content/transfer.ts';
import type { Fetched, FetchRequest } from '../../../../../src/backends/engine/sync/effects.ts';
import { decodeBulk, encodeBulk } from '../../../../../src/backends/engine/wire/bulk-codec.ts';
import { openSys } from '../../../../../src/sys/open.ts';
import { silentLogger } from '../../../../../src/util/log.ts';
import { makeTempDir } from '../../../../kit/temp-dir.ts';

export const ABOUT = { group: 'web', mapping: 'shared' };
const BELIEFS = {
  kind: 'module',
  url: new URL('../../disk/slow-beliefs.ts', import.meta.url).href,
  args: {},
} as const;
const FRAME_HEADER = 5;
/** What a link holds before the sender must wait. */
const BUFFER = 1024 * 1024;

const sys = openSys();

export function sha256Of(bytes: Uint8Array): Sha256 {
  return hash('sha256', bytes, 'hex') as Sha256;
}

export class ContentNode {
  readonly name: NodeId;
  readonly root: string;
  readonly links = new Map<NodeId, Link>();
  readonly located = new Map<string, Located>();
  readonly disk: DiskMapping;
  readonly transfer: ContentTransfer;

  private constructor(
    name: string,
    root: string,
    disk: DiskMapping,
    bend: (disk: DiskMapping) => ContentDisk,
  ) {
    this.name = name as NodeId;
    this.root = root;
    this.disk = disk;
    const bent = bend(disk);
    this.transfer = createContentTransfer({
      sessions: (peer) => this.links.get(peer) ?? null,
      disk: ({ group, mapping }) => (group === ABOUT.group && mapping === ABOUT.mapping ? bent : null),
      source: { locate: (_, path, sha256) => this.located.get(`${path} ${sha256}`) ?? null },
    });
  }

  static async start(
    pool: DiskPool,
    name: string,
    options: { readonly root?: string; readonly bend?: (disk: DiskMapping) => ContentDisk } = {},
  ): Promise<ContentNode> {
    const root = options.root ?? makeTempDir();
    const disk = await pool.open({
      ...ABOUT,
      path: root,
      exclude: [],
      include: [],
      owner: 'name',
      durability: 'relaxed',
      beliefs: BELIEFS,
    });
    return new ContentNode(name, root, disk, options.bend ?? ((given) => given));
  }

  /** Writes a file and offers it to the peers; returns how to ask for it. */
  put(path: string, bytes: Uint8Array, ...candidates: ContentNode[]): FetchRequest {
    const place = join(this.root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
    const fd = sys.openRoot(dirname(place));
    const stat = sys.lstat(fd, path.slice(path.lastIndexOf('/') + 1));
    sys.close(fd);
    assert.ok(stat !== null);
    const request = requestFor(path, bytes, ...(candidates.length === 0 ? [this] : candidates));
    this.located.set(`${path} ${request.sha256}`, {
      kind: 'path',
      path: path as RelPath,
      identity: identityNow(stat),
    });
    return request;
  }

  fetch(request: FetchRequest, signal = new AbortController().signal): Promise<Fetched> {
    return this.transfer.fetch(ABOUT, request, signal);
  }

  temporaries(): string[] {
    return readdirSync(join(this.root, '.csyncd/tmp'));
  }

  /** The content that a fetch brought, inline or staged. */
  contentOf(fetched: Fetched): Uint8Array {
    if (fetched.kind === 'inline') return fetched.bytes;
    assert.ok(fetched.kind === 'staged', JSON.stringify(fetched));
    return readFileSync(join(this.root, '.csyncd/tmp', fetched.name));
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }
}

export function requestFor(path: string, bytes: Uint8Array, ...candidates: ContentNode[]): FetchRequest {
  return {
    path: path as RelPath,
    sha256: sha256Of(bytes),
    size: bytes.length,
    candidates: candidates.map(({ name }) => name),
    base: null,
  };
}

export function openTestPool(): DiskPool {
  return openDiskPool({ stateDir: makeTempDir(), log: silentLogger() });
}

export function random(size: number): Buffer {
  return randomBytes(size);
}

export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 10_000, 'it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What a frame may be turned into on its way: null loses it. */
export type Bend = (frame: BulkFrame, from: ContentNode) => BulkFrame | null;

export interface Cable {
  /** every frame that arrived, its body's length instead of its body */
  readonly log: {
    readonly from: string;
    readonly type: number;
    readonly stream: number;
    readonly bytes: number;
  }[];
  /** what a handler threw: such a link is closed */
  readonly faults: unknown[];
  bend: Bend;
  cut(): void;
}

/** Links two nodes. */
export function join2(a: ContentNode, b: ContentNode, groups: readonly string[] = [ABOUT.group]): Cable {
  const ends: End[] = [];
  let isCut = false;
  const cable: Cable = {
    log: [],
    faults: [],
    bend: (frame) => frame,
    cut() {
      if (isCut) return;
      isCut = true;
      a.links.delete(b.name);
      b.links.delete(a.name);
      for (const end of ends) end.cut();
    },
  };
  ends.push(new End(a, b, cable, groups), new End(b, a, cable, groups));
  const [first, second] = ends;
  assert.ok(first !== undefined && second !== undefined);
  first.start(second);
  second.start(first);
  return cable;
}

class End {
  readonly #me: ContentNode;
  readonly #cable: Cable;
  readonly #link: Link;
  #handlers: ReturnType<ContentTransfer['linked']> | null = null;
  #other: End | null = null;
  #queue: { frame: BulkFrame; bytes: number }[] = [];
  #queued = 0;
  #waiting: (() => void)[] = [];
  #isDelivering = false;
  #isCut = false;

  constructor(me: ContentNode, peer: ContentNode, cable: Cable, groups: readonly string[]) {
    this.#me = me;
    this.#cable = cable;
    this.#link = {
      peer: peer.name,
      groups: new Set(groups),
      refused: new Map(),
      features: new Set(),
      runId: 'run',
      clockSkewMs: 0,
      bulk: { send: (frame) => this.#send(frame) },
      send: () => undefined,
      queuedBytes: () => 0,
      close: () => cable.cut(),
    };
    me.links.set(peer.name, this.#link);
  }

  start(other: End): void {
    this.#other = other;
    this.#handlers = this.#me.transfer.linked(this.#link);
  }

  cut(): void {
    this.#isCut = true;
    this.#queue = [];
    for (const go of this.#waiting.splice(0)) go();
    this.#handlers?.closed();
  }

  async receive(frame: BulkFrame): Promise<void> {
    await this.#handlers?.bulk(frame);
  }

  async #send(sent: BulkFrame): Promise<void> {
    if (this.#isCut) throw new Error('the link is gone');
    const bent = this.#cable.bend(sent, this.#me);
    if (bent === null) return;
    // As over a wire: the receiver gets bytes of its own.
    const payload = Buffer.concat(encodeBulk(bent, null)).subarray(FRAME_HEADER);
    const own = Buffer.from(new ArrayBuffer(payload.length));
    payload.copy(own);
    this.#queue.push({ frame: decodeBulk(own), bytes: own.length });
    this.#queued += own.length;
    if (!this.#isDelivering) void this.#deliver();
    if (this.#queued > BUFFER) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#isCut) throw new Error('the link is gone');
  }

  async #deliver(): Promise<void> {
    this.#isDelivering = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await new Promise(setImmediate);
      if (this.#isCut) break;
      const { frame, bytes } = next;
      this.#queued -= bytes;
      const { type, stream, body } = frame;
      this.#cable.log.push({ from: this.#me.name, type, stream, bytes: body?.length ?? 0 });
      try {
        await this.#other?.receive(frame);
      } catch (error) {
        this.#cable.faults.push(error);
        this.#cable.cut();
        break;
      }
      for (const go of this.#waiting.splice(0)) go();
    }
    this.#isDelivering = false;
  }
}
