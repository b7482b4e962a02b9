/** Contents that one run of the daemon gets from its peers and gives to them. */
import { hash } from 'node:crypto';
import type { NodeId, RelPath, Sha256 } from '../../../src/backends/engine/core/types.ts';
import { HIDDEN_DIR } from '../../../src/backends/engine/scan/root.ts';
import type { FetchRequest, Fetched } from '../../../src/backends/engine/sync/effects.ts';
import { locateContent } from '../../../src/backends/engine/sync/locate-content.ts';
import type { Replica } from '../../../src/backends/engine/sync/replica.ts';
import { SysError } from '../../../src/sys/sys.ts';
import type { Run } from './machine.ts';
import { count, type Packet } from './world.ts';

interface Wanted {
  readonly request: FetchRequest;
  readonly untried: NodeId[];
  asked: NodeId | null;
}

export class Contents {
  private readonly run: Run;
  private readonly replica: Replica;
  private readonly wanted = new Map<number, Wanted>();
  /** names of what was put aside, by path and content */
  private readonly staged = new Map<string, string>();
  private lastId = 0;

  constructor(run: Run, replica: Replica) {
    this.run = run;
    this.replica = replica;
  }

  fetch(request: FetchRequest): void {
    const id = ++this.lastId;
    this.wanted.set(id, { request, untried: [...request.candidates], asked: null });
    this.run.later(0, () => this.ask(id));
  }

  /** Not wanted any more: what was put aside of it goes. */
  discard(path: RelPath, sha256: Sha256): void {
    const name = this.staged.get(`${path} ${sha256}`);
    if (name === undefined) return;
    this.staged.delete(`${path} ${sha256}`);
    this.run.soon(20, () => {
      const { fs, rootFd } = this.run;
      this.run.onDisk(() => {
        const tmp = fs.openDir(rootFd, `${HIDDEN_DIR}/tmp`);
        if (fs.lstat(tmp, name) !== null) fs.unlink(tmp, name);
        fs.close(tmp);
      });
    });
  }

  disconnected(peer: string): void {
    for (const [id, want] of this.wanted) if (want.asked === peer) this.ask(id);
  }

  /** A peer asks. */
  give(peer: string, packet: Extract<Packet, { kind: 'want' }>): void {
    const bytes = this.run.onDisk(() => this.read(packet.path, packet.sha256));
    if (bytes !== undefined) this.send(peer, { kind: 'content', id: packet.id, bytes });
  }

  /** A peer answers. */
  took({ id, bytes }: Extract<Packet, { kind: 'content' }>): void {
    const want = this.wanted.get(id);
    if (want === undefined) return;
    if (bytes === null || hash('sha256', bytes, 'hex') !== want.request.sha256) return this.ask(id);
    if (this.run.world.random.chance(0.7)) return this.end(id, { kind: 'inline', bytes });
    const staged = this.run.onDisk(() => this.stage(id, bytes));
    if (staged === undefined) return;
    const { path, sha256 } = want.request;
    if (staged.kind === 'staged') this.staged.set(`${path} ${sha256}`, staged.name);
    this.end(id, staged);
  }

  private ask(id: number): void {
    const want = this.wanted.get(id);
    if (want === undefined) return;
    const peer = want.untried.shift() ?? null;
    want.asked = peer;
    if (peer === null) return this.end(id, { kind: 'unavailable', reason: 'nobody has it' });
    if (!this.run.world.net.connected(this.run.machine.name, peer)) return this.ask(id);
    const { path, sha256 } = want.request;
    this.send(peer, { kind: 'want', id, path, sha256 });
  }

  private end(id: number, result: Fetched): void {
    const want = this.wanted.get(id);
    if (want === undefined || !this.run.alive) return;
    this.wanted.delete(id);
    count(this.run.world, `fetch ${result.kind}`);
    this.replica.fetched(want.request, result);
  }

  private stage(id: number, bytes: Uint8Array): Fetched {
    const { fs, rootFd } = this.run;
    const name = `dl-${id}`;
    try {
      const tmp = fs.openDir(rootFd, `${HIDDEN_DIR}/tmp`);
      if (fs.lstat(tmp, name) !== null) fs.unlink(tmp, name);
      const fd = fs.createFile(tmp, name);
      fs.write(fd, bytes, 0);
      fs.close(fd);
      fs.close(tmp);
      return { kind: 'staged', name };
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return { kind: 'failed', code: error.code, message: error.message };
    }
  }

  /** A content that this node has, wherever, as the product finds it. */
  private read(path: string, sha256: string): Uint8Array | null {
    const found = locateContent(this.replica, path as RelPath, sha256 as Sha256);
    switch (found?.kind) {
      case 'bytes':
        return found.bytes;
      case 'path':
        return this.readFile(found.path);
      case 'backup':
        return this.readFile(`${HIDDEN_DIR}/backup/${found.id}`);
      case undefined:
        return null;
    }
  }

  private readFile(path: string): Uint8Array | null {
    const { fs, rootFd } = this.run;
    try {
      const fd = fs.openFile(rootFd, path);
      try {
        const buffer = new Uint8Array(fs.fstat(fd).size);
        return fs.read(fd, buffer, 0) === buffer.length ? buffer : null;
      } finally {
        fs.close(fd);
      }
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return null;
    }
  }

  private send(peer: string, packet: Packet): void {
    this.run.world.net.send(this.run.machine.name, peer, packet);
  }
}
