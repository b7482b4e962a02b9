/**
 * One run of the daemon on a simulated node: the product's replica, scan and apply, with a shell around them that moves
 * messages by the simulated network and time by the scheduler, and that can end between any two system calls.
 */
import { hash } from 'node:crypto';
import { applyBatch } from '../../../src/backends/engine/apply/apply.ts';
import { secondLook } from '../../../src/backends/engine/apply/backups.ts';
import { prepareRoot } from '../../../src/backends/engine/apply/prepare.ts';
import { recover, type RecoverReport } from '../../../src/backends/engine/apply/recover.ts';
import type { ApplyReport, Change } from '../../../src/backends/engine/apply/change.ts';
import type { Identity, NodeId, RelPath, Sha256 } from '../../../src/backends/engine/core/types.ts';
import type { BeliefReader, Look } from '../../../src/backends/engine/scan/observation.ts';
import { identityNow } from '../../../src/backends/engine/scan/identity.ts';
import { HIDDEN_DIR, RootLost } from '../../../src/backends/engine/scan/root.ts';
import { scanSteps } from '../../../src/backends/engine/scan/scan.ts';
import type { Intent, MappingStore } from '../../../src/backends/engine/store/store.ts';
import type { MemoryStore } from '../../../src/backends/engine/store/memory.ts';
import { Dots } from '../../../src/backends/engine/sync/dots.ts';
import type { Effects, FetchRequest, Fetched } from '../../../src/backends/engine/sync/effects.ts';
import { locateContent } from '../../../src/backends/engine/sync/locate-content.ts';
import { LookJob } from '../../../src/backends/engine/sync/looking.ts';
import { Replica } from '../../../src/backends/engine/sync/replica.ts';
import type { ReplacedVersion } from '../../../src/backends/engine/sync/second-looks.ts';
import { RULES } from '../../../src/backends/engine/sync/shared.ts';
import type { Message } from '../../../src/backends/engine/wire/messages.ts';
import type { Accounts } from '../../../src/sys/accounts.ts';
import type { Fd } from '../../../src/sys/sys.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import type { Disk, Inode } from './disk.ts';
import { Crash, SimFs } from './fs.ts';
import type { NetNode } from './net.ts';
import { count, type Packet, type World } from './world.ts';

export const GROUP = 'group';
export const MAPPING = 'mapping';

const SELECTION = compileSelection({ exclude: [], include: [] });
const ACCOUNTS: Accounts = { userName: () => null, groupName: () => null, uid: () => null, gid: () => null };
const INLINE = 64 * 1024;
const RESCAN = 3_600_000;
const BATCH_DELAY = 100;

/** What the machine under the process lets it have. */
export interface Machine {
  readonly name: string;
  readonly disk: Disk;
  readonly store: MemoryStore;
  /** wall clock */
  now(): number;
  /** Runs before every system call of the engine; may throw. */
  beforeCall(call: string, inode: Inode | null, name: string): void;
  /** Marks the time in which the engine itself works on the disk. */
  asEngine<T>(body: () => T): T;
  crashed(process: Process): void;
}

interface Wanted {
  readonly request: FetchRequest;
  readonly untried: NodeId[];
  asked: NodeId | null;
}

export class Process implements Effects, NetNode<Packet> {
  readonly replica: Replica;
  readonly rows: MappingStore;
  private readonly machine: Machine;
  private readonly world: World;
  private readonly fs: SimFs;
  private readonly rootFd: Fd;
  private readonly beliefs: BeliefReader;
  private readonly wants = new Map<number, Wanted>();
  private nextWant = 1;
  private recovery: { readonly intents: readonly Intent[]; readonly report: RecoverReport } | null = null;
  private readonly dots: Dots;
  private isRollingBack = false;
  private woken = false;
  private timer: { cancel(): void } | null = null;
  private hints = new Map<string, Look>();
  private readonly queue: { readonly looks: readonly Look[]; readonly done: () => void }[] = [];
  private isLooking = false;
  private readonly batches: (readonly Change[])[] = [];
  alive = true;

  constructor(machine: Machine, world: World) {
    this.machine = machine;
    this.world = world;
    const { name, store, disk } = machine;
    this.rows = store.mapping(GROUP, MAPPING);
    this.fs = new SimFs(disk, (call, inode, what) => machine.beforeCall(call, inode, what));
    world.sabotage.sys?.(this.fs);
    this.rootFd = machine.asEngine(() => this.prepareRoot());
    this.beliefs = beliefsOf(this.rows);
    const { history, names, sabotage } = world;
    this.dots = new Dots(name as NodeId, store, () => machine.now());
    this.replica = new Replica({
      store,
      dots: this.dots,
      effects: this,
      rules: { ...RULES, ...sabotage.rules },
      settings: {
        group: GROUP,
        mapping: MAPPING,
        node: name as NodeId,
        receiveOnly: false,
        hosts: names as readonly NodeId[],
        policy: history.policy,
        configHash: 'same',
        maxDeletePercent: 50,
      },
    });
  }

  /** From here on it works as the daemon does after its start: everything is looked at before anything is told. */
  start(): void {
    if (this.recovery !== null) this.replica.recovered(this.recovery.intents, this.recovery.report);
    this.replica.attach();
    this.world.net.join(this.machine.name, this);
    this.fullScan(() => this.replica.scanned());
    this.rescanLater();
  }

  /** Ends the process, whatever it is doing. */
  end(): void {
    this.alive = false;
    this.timer?.cancel();
    this.fs.end();
    this.world.net.leave(this.machine.name);
  }

  fullScan(done: () => void = () => undefined): void {
    this.scan([{ path: '' as RelPath, scope: 'subtree' }], done);
  }

  /** The watcher says where to look; the batcher gathers for a moment. */
  hint(look: Look): void {
    if (!this.alive) return;
    if (this.hints.size === 0) this.later(BATCH_DELAY, () => this.takeHints());
    this.hints.set(`${look.path}\0${look.scope}`, look);
  }

  // Effects

  now(): number {
    return this.machine.now();
  }

  send(peer: NodeId, message: Message): void {
    this.world.trace.add(this.world.scheduler.now(), this.machine.name, `> ${peer} ${message.kind}`);
    count(this.world, `sent ${message.kind}`);
    if (message.kind === 'ack') this.world.checkAck(this.machine.name, peer, message);
    this.world.net.send(this.machine.name, peer, { kind: 'control', message });
  }

  canSend(): boolean {
    if (!this.world.random.chance(0.03)) return true;
    this.later(5, () => this.wake());
    return false;
  }

  look(looks: readonly Look[]): void {
    this.later(this.world.random.int(10), () => this.scan(looks));
  }

  /** Batches run in the order in which they were asked for. */
  apply(changes: readonly Change[]): void {
    this.batches.push(changes);
    if (this.batches.length === 1) this.later(this.world.random.int(20), () => this.runApply());
  }

  lookAtReplaced(versions: readonly ReplacedVersion[]): void {
    this.later(this.world.random.int(20), () => {
      const options = { ...this.diskOptions(), durability: this.world.history.durability };
      const found = this.guarded(() =>
        this.machine.asEngine(() => secondLook(this.fs, this.rootFd, versions, options)),
      );
      const edits = (found ?? []).flatMap((one) => {
        const version = versions.find(({ id }) => id === one.id);
        return version === undefined ? [] : [{ ...one, path: version.path }];
      });
      if (edits.length === 0) return;
      count(this.world, 'raced late', edits.length);
      this.replica.racedLate(edits);
    });
  }

  fetch(request: FetchRequest): void {
    const id = this.nextWant++;
    this.wants.set(id, { request, untried: [...request.candidates], asked: null });
    this.later(0, () => this.ask(id));
  }

  wake(): void {
    if (this.woken) return;
    this.woken = true;
    this.later(this.world.random.int(3), () => this.run());
  }

  audit(): void {}

  backupId(): string {
    return `${this.machine.name}${this.world.random.uint32().toString(16)}`;
  }

  /** Peers say it while their message is being taken up, so what follows waits until that is done. */
  rolledBack(): void {
    if (this.isRollingBack) return;
    this.isRollingBack = true;
    this.later(0, () => {
      this.isRollingBack = false;
      count(this.world, 'rolled back');
      this.machine.store.transaction(() => {
        this.dots.newEpoch();
        this.machine.store.newTableId();
      });
      this.replica.restart();
      this.wake();
    });
  }

  // NetNode

  connected(peer: string): void {
    this.replica.linked(peer as NodeId);
    this.wake();
  }

  disconnected(peer: string): void {
    this.replica.unlinked(peer as NodeId);
    for (const [id, want] of this.wants) if (want.asked === peer) this.ask(id);
    this.wake();
  }

  received(peer: string, packet: Packet): void {
    switch (packet.kind) {
      case 'control': {
        const { receive } = this.world.sabotage;
        for (const message of receive?.(packet.message) ?? [packet.message]) {
          this.replica.receive(peer as NodeId, message);
        }
        return this.wake();
      }
      case 'want': {
        const bytes = this.guarded(() =>
          this.machine.asEngine(() => this.locate(packet.path, packet.sha256)),
        );
        if (bytes !== undefined)
          this.world.net.send(this.machine.name, peer, { kind: 'content', id: packet.id, bytes });
        return;
      }
      case 'content':
        return this.took(packet.id, packet.bytes);
    }
  }

  // The shell's own work

  private run(): void {
    this.woken = false;
    // Memory is short now and then.
    if (this.world.random.chance(0.05)) this.replica.shared.contents.clear();
    this.replica.step();
    for (const peer of this.replica.openPeers()) while (this.replica.pump(peer));
    this.timer?.cancel();
    const due = this.replica.nextDue();
    if (due === null) return;
    this.timer = this.later(Math.min(Math.max(due - this.machine.now(), 1), 60_000), () => this.wake());
  }

  private takeHints(): void {
    const looks = [...this.hints.values()];
    this.hints.clear();
    this.scan(looks);
  }

  /** Looks run one at a time, so that what is found is judged in order. */
  private scan(looks: readonly Look[], done: () => void = () => undefined): void {
    this.queue.push({ looks, done });
    if (!this.isLooking) this.nextScan();
  }

  private nextScan(): void {
    const next = this.queue.shift();
    this.isLooking = next !== undefined;
    if (next === undefined) return;
    count(this.world, 'scans');
    const job = new LookJob(next.looks);
    const contentUpTo = this.world.history.inline ? INLINE : 0;
    const options = { ...this.diskOptions(), selection: SELECTION, contentUpTo, contentBudget: 1 << 20 };
    this.scanPiece(job, scanSteps(this.fs, this.rootFd, this.beliefs, next.looks, options), next.done);
  }

  /** A scan runs in pieces, with the world going on between them; what it finds is told at once, its end a bit later. */
  private scanPiece(job: LookJob, steps: ReturnType<typeof scanSteps>, done: () => void): void {
    const { random, scheduler, trace } = this.world;
    for (;;) {
      const step = this.guarded(() => this.machine.asEngine(() => nextStep(steps)));
      if (step === undefined) return;
      if (step === 'failed') {
        count(this.world, 'scan failed');
        this.replica.lookFailed(job);
        return this.nextScan();
      }
      if (step.done === true) break;
      if (step.value !== null) {
        trace.add(scheduler.now(), this.machine.name, `found ${step.value.path} ${step.value.kind}`);
        this.replica.observed(job, [step.value]);
      }
      if (random.chance(0.1)) {
        this.later(random.int(30), () => this.scanPiece(job, steps, done));
        return;
      }
    }
    this.later(random.int(5), () => {
      this.replica.looked(job);
      done();
      this.nextScan();
    });
  }

  private runApply(): void {
    const changes = this.batches[0] ?? [];
    const report = this.guarded(() => this.machine.asEngine(() => this.tryApply(changes)));
    if (report === undefined) return;
    for (const { path, outcome } of report.results) {
      count(this.world, `apply ${outcome.kind}`);
      this.world.trace.add(this.world.scheduler.now(), this.machine.name, `applied ${path} ${outcome.kind}`);
      // The watcher sees the engine's own work too.
      this.later(this.world.random.int(50), () => this.hint({ path, scope: 'entry' }));
    }
    this.later(this.world.random.int(20), () => {
      this.batches.shift();
      this.replica.applied(report);
      if (this.batches.length > 0) this.later(this.world.random.int(20), () => this.runApply());
    });
  }

  private tryApply(changes: readonly Change[]): ApplyReport {
    try {
      const { history, sabotage } = this.world;
      const { durability } = history;
      const change = sabotage.changes;
      const given =
        change === undefined ? changes : changes.map((one) => change(one, (path) => this.identityAt(path)));
      return applyBatch(this.fs, this.rootFd, given, { ...this.diskOptions(), durability });
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const outcome = { kind: 'failed', code: error.code, message: error.message } as const;
      const results = changes.map(({ path }) => ({ path, outcome, parents: [] }));
      return { results, stageMs: 0, flushMs: 0, placeMs: 0 };
    }
  }

  private identityAt(path: RelPath): Identity | null {
    const slash = path.lastIndexOf('/');
    try {
      const dir = this.fs.openDir(this.rootFd, slash === -1 ? '' : path.slice(0, slash));
      const stat = this.fs.lstat(dir, path.slice(slash + 1));
      this.fs.close(dir);
      return stat === null ? null : identityNow(stat);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return null;
    }
  }

  private ask(id: number): void {
    const want = this.wants.get(id);
    if (want === undefined) return;
    const peer = want.untried.shift() ?? null;
    want.asked = peer;
    if (peer === null) return this.fetchEnds(id, { kind: 'unavailable', reason: 'nobody has it' });
    if (!this.world.net.connected(this.machine.name, peer)) return this.ask(id);
    const { path, sha256 } = want.request;
    this.world.net.send(this.machine.name, peer, { kind: 'want', id, path, sha256 });
  }

  private took(id: number, bytes: Uint8Array | null): void {
    const want = this.wants.get(id);
    if (want === undefined) return;
    if (bytes === null || hash('sha256', bytes, 'hex') !== want.request.sha256) return this.ask(id);
    if (this.world.random.chance(0.7)) return this.fetchEnds(id, { kind: 'inline', bytes });
    const staged = this.guarded(() => this.machine.asEngine(() => this.stage(id, bytes)));
    if (staged !== undefined) this.fetchEnds(id, staged);
  }

  private stage(id: number, bytes: Uint8Array): Fetched {
    try {
      const name = `dl-${id}`;
      const tmp = this.fs.openDir(this.rootFd, `${HIDDEN_DIR}/tmp`);
      const fd = this.fs.createFile(tmp, name);
      this.fs.write(fd, bytes, 0);
      this.fs.close(fd);
      this.fs.close(tmp);
      return { kind: 'staged', name };
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return { kind: 'failed', code: error.code, message: error.message };
    }
  }

  private fetchEnds(id: number, result: Fetched): void {
    const want = this.wants.get(id);
    if (want === undefined || !this.alive) return;
    this.wants.delete(id);
    count(this.world, `fetch ${result.kind}`);
    this.replica.fetched(want.request, result);
    this.wake();
  }

  /** A content that this node has, wherever, as the product finds it. */
  private locate(path: string, sha256: string): Uint8Array | null {
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
    try {
      const fd = this.fs.openFile(this.rootFd, path);
      try {
        const buffer = new Uint8Array(this.fs.fstat(fd).size);
        return this.fs.read(fd, buffer, 0) === buffer.length ? buffer : null;
      } finally {
        this.fs.close(fd);
      }
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return null;
    }
  }

  /** What the daemon does before it looks at anything: makes its folder, and cleans up after a crash. */
  private prepareRoot(): Fd {
    const isKnown = this.rows.lastSeq() > 0;
    const { fd } = prepareRoot(this.fs, '/', { known: isKnown });
    const intents = this.rows.intents();
    if (intents.length > 0) count(this.world, 'recovered intents', intents.length);
    this.recovery = { intents, report: recover(this.fs, fd, intents) };
    return fd;
  }

  private diskOptions(): Omit<Parameters<typeof applyBatch>[3], 'durability'> {
    const { disk } = this.machine;
    return {
      root: { path: '/', dev: disk.dev, ino: disk.root.ino },
      owner: 'numeric',
      accounts: ACCOUNTS,
      now: () => disk.clockNs(),
      clock: () => 0,
    };
  }

  private rescanLater(): void {
    this.world.scheduler.after(
      RESCAN + this.world.random.int(RESCAN / 10),
      () => {
        if (!this.alive) return;
        this.fullScan();
        this.rescanLater();
      },
      true,
    );
  }

  /** Runs what may end the process; undefined when it did. */
  private guarded<T>(body: () => T): T | undefined {
    try {
      return body();
    } catch (error) {
      // What runs after the end of its process may fail in any way.
      if (this.alive && !(error instanceof Crash)) throw error;
      this.machine.crashed(this);
      return undefined;
    }
  }

  private later(delayMs: number, run: () => void): { cancel(): void } {
    return this.world.scheduler.after(delayMs, () => {
      if (this.alive) run();
    });
  }
}

function nextStep(steps: ReturnType<typeof scanSteps>): ReturnType<typeof steps.next> | 'failed' {
  try {
    return steps.next();
  } catch (error) {
    if (!(error instanceof RootLost || error instanceof SysError)) throw error;
    return 'failed';
  }
}

function beliefsOf(rows: MappingStore): BeliefReader {
  return {
    get: (path) => {
      const row = rows.get(path);
      return row === null ? null : { path, applied: row.applied };
    },
    *children(dir) {
      for (const row of rows.children(dir)) {
        if (row.applied !== null && row.applied.value.kind !== 'absent')
          yield { path: row.path, applied: row.applied };
      }
    },
  };
}
