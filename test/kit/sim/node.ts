/** A simulated machine: its disk, its clock, its users, its watcher, its power, and the daemon that runs on it or not. */
import { MemoryStore } from '../../../src/backends/engine/store/memory.ts';
import { Dots } from '../../../src/backends/engine/sync/dots.ts';
import type { NodeId, RelPath } from '../../../src/backends/engine/core/types.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { CsyncdError } from '../../../src/util/errors.ts';
import { Actor } from './actor.ts';
import { Disk, type Inode } from './disk.ts';
import { Crash } from './descriptors.ts';
import type { Edit } from './history.ts';
import { Interference } from './interference.ts';
import { GROUP, MAPPING, type Machine, type Run } from './machine.ts';
import { InvariantError } from './observer.ts';
import { Process } from './process.ts';
import { copyStore, StorePast } from './store-past.ts';
import { changed, textOf, textOfBytes, textsOn, treeOf, type Tree } from './trees.ts';
import { BYTES_LOST, count, isReceiver, type World } from './world.ts';

export class SimNode implements Machine {
  readonly name: string;
  readonly index: number;
  readonly disk: Disk;
  readonly interference = new Interference();
  store: MemoryStore;
  process: Process | null = null;
  /** why it could not start */
  problem = '';
  private readonly world: World;
  private readonly past: StorePast | null;
  private actor: Actor;
  private image: (() => void) | null = null;
  /** what was being changed when the power was cut: the store may not remember that */
  private readonly cutOff: string[] = [];
  private skewMs = 0;
  private deafFor = 0;
  private isEngine = false;
  private tables = 0;

  constructor(world: World, index: number) {
    this.world = world;
    this.index = index;
    this.name = world.names[index] ?? '';
    const journalled = world.history.ops.some((op) => op.do === 'power');
    const tickNs = BigInt(world.history.tickMs) * 1_000_000n;
    this.disk = new Disk({ now: () => this.now(), tickNs, journalled });
    this.disk.onLastName = (inode) => this.checkKept(inode);
    this.actor = new Actor(this.disk);
    this.store = this.newStore();
    this.past = journalled ? new StorePast(world.names) : null;
    this.past?.follow(this.store, () => this.now());
  }

  now(): number {
    return Math.floor(this.world.scheduler.now()) + this.skewMs;
  }

  boot(): void {
    if (this.process !== null) return;
    // A user changed what a crash left half done: on top of the old version, or of the new? Nobody can know.
    for (const path of [...this.changing(), ...this.cutOff.splice(0)]) {
      if (this.world.ledger.touched(this.index).includes(path)) this.world.ledger.excuse(path);
    }
    try {
      const process = new Process(this, this.world);
      this.process = process;
      process.start();
    } catch (error) {
      // A crash in the middle of it, or a full disk; it is tried again.
      if (!(error instanceof Crash || error instanceof SysError || error instanceof CsyncdError)) throw error;
      this.kill();
      this.problem = error.message;
    }
  }

  kill(): void {
    const { process } = this;
    if (process === null) return;
    this.tally();
    this.process = null;
    process.end();
  }

  /** Adds what the running replica counted to the world's counters. */
  tally(): void {
    const counters: Readonly<Record<string, number>> = this.process?.replica.applying.counters ?? {};
    for (const [what, number] of Object.entries(counters)) count(this.world, what, number);
  }

  /** The daemon, or the machine, ends right here, in the middle of a system call or not. */
  stop(what: 'kill' | 'power'): void {
    const isRunning = this.isEngine;
    if (what === 'kill') this.kill();
    else this.cutPower();
    if (isRunning) throw new Crash(what);
  }

  /** An image of the whole machine, to be put back later. */
  takeImage(): void {
    const disk = this.disk.image();
    const saved = copyStore(this.store, new MemoryStore(() => ''), this.world.names);
    this.image = () => {
      disk();
      this.useStore(copyStore(saved, this.newStore(), this.world.names));
    };
  }

  /** The machine is as it was when the image was taken, and does not know it. */
  restoreImage(): void {
    const { image } = this;
    if (image === null) return;
    this.kill();
    this.actor.end();
    this.goBack(image);
    this.actor = new Actor(this.disk);
  }

  /** The daemon's database is lost, the files are not. */
  wipe(): void {
    this.kill();
    this.goBack(() => this.useStore(this.newStore()));
    for (const path of treeOf(this.disk).keys()) this.world.ledger.excuse(path);
  }

  /** Where changes of the disk are under way, or were when the process ended. */
  changing(): string[] {
    return this.store
      .mapping(GROUP, MAPPING)
      .intents()
      .map(({ path }) => path);
  }

  /** An operator's word on the deletions that are held, if any are. */
  decide(verdict: 'approved' | 'rejected'): void {
    if (this.process?.decide(verdict) !== true || verdict === 'approved') return;
    // What users deleted comes back, or would, if the bytes were still somewhere.
    const { ledger } = this.world;
    for (const path of ledger.touched(this.index)) ledger.excuse(path);
    count(this.world, BYTES_LOST);
  }

  skew(ms: number): void {
    this.skewMs += ms;
  }

  /** What still waits for a system call happens now. */
  disarm(): void {
    for (const run of this.interference.disarm()) {
      try {
        run();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.kill();
      }
    }
  }

  deafen(events: number): void {
    this.deafFor += events;
  }

  mend(): void {
    this.interference.mend();
    this.disk.quota = Number.POSITIVE_INFINITY;
    this.deafFor = 0;
  }

  fill(): void {
    this.disk.quota = this.disk.used;
  }

  /** A user does something to the files; the watcher sees it, or not. */
  edit(edit: Edit): void {
    const wasEngine = this.isEngine;
    this.isEngine = false;
    const before = treeOf(this.disk);
    const overwritten = this.actor.perform(edit);
    this.isEngine = wasEngine;
    const after = treeOf(this.disk);
    const { ledger } = this.world;
    if (overwritten !== null && edit.do === 'late') ledger.wroteUnseen(this.index, overwritten, edit.text);
    ledger.edited(this.index, before, after, !isReceiver(this.world.history, this.index));
    this.notice(before, after);
  }

  beforeCall(call: string, inode: Inode | null, name: string): void {
    try {
      this.interference.before(call, inode, name);
    } catch (error) {
      if (error instanceof SysError) count(this.world, error.code);
      throw error;
    }
  }

  asEngine<T>(body: () => T): T {
    const was = this.isEngine;
    this.isEngine = true;
    try {
      return body();
    } finally {
      this.isEngine = was;
    }
  }

  crashed(run: Run): void {
    if (this.process?.is(run) === true) this.kill();
  }

  /** What was not flushed may be gone, of the files and of the store. */
  private cutPower(): void {
    this.kill();
    this.actor.end();
    this.cutOff.push(...this.changing());
    this.goBack(() => {
      const lost = this.disk.powerCut(this.world.random);
      if (this.past !== null) {
        this.useStore(this.past.recall(this.newStore(), this.world.random, this.now()));
      }
      return lost.map(textOfBytes);
    });
    this.actor = new Actor(this.disk);
    // The daemon sees by the machine's boot id that it was not stopped in order.
    new Dots(this.name as NodeId, this.store, () => this.now()).newEpoch();
  }

  /** The machine's past comes back. The ledger is told, for what users had done is undone with it. */
  private goBack(change: () => readonly string[] | void): void {
    const { ledger, history } = this.world;
    const [tree, texts, rows] = [treeOf(this.disk), textsOn(this.disk), this.rowTexts()];
    const unflushed = change();
    const [treeNow, textsNow, rowsNow] = [treeOf(this.disk), textsOn(this.disk), this.rowTexts()];
    // What the store does not know any more, the disk may still hold: whether it is old or new nobody here can tell.
    for (const [path, text] of rows) if (rowsNow.get(path) !== text) ledger.excuse(path);
    const isRelaxed = unflushed === undefined || history.durability === 'relaxed';
    const missing = isRelaxed ? [...texts].filter((text) => !textsNow.has(text)) : [];
    const gone = [...missing, ...(unflushed ?? [])];
    count(this.world, BYTES_LOST);
    ledger.wentBack(this.index, tree, treeNow, gone, isRelaxed);
  }

  private useStore(store: MemoryStore): void {
    this.store = store;
    this.past?.follow(store, () => this.now());
  }

  /** I8: the last name of what a user of this machine wrote goes only when its bytes are elsewhere on this disk. */
  private checkKept(inode: Inode): void {
    if (!this.isEngine || (inode.kind !== 'file' && inode.kind !== 'symlink')) return;
    const text = textOf(inode);
    const { ledger } = this.world;
    if (text === '' || !ledger.wrote(this.index, text) || ledger.gaveUp(text)) return;
    let isKept = false;
    this.disk.walk((other) => {
      isKept ||= other !== inode && other.kind === inode.kind && textOf(other) === text;
    });
    if (!isKept)
      throw new InvariantError('I8 losers kept', `${this.name}: the last of ${JSON.stringify(text)} is gone`);
  }

  private notice(before: Tree, after: Tree): void {
    for (const path of changed(before, after)) {
      if (this.deafFor > 0) {
        this.deafFor--;
        count(this.world, 'events lost');
        continue;
      }
      const times = this.world.random.chance(0.1) ? 2 : 1;
      for (let i = 0; i < times; i++) {
        this.world.scheduler.after(this.world.random.int(60), () => this.process?.hint(this.lookAt(path)));
      }
    }
  }

  private lookAt(path: string): { path: RelPath; scope: 'entry' | 'children' | 'subtree' } {
    const scope = this.world.random.pick(['entry', 'entry', 'children', 'subtree'] as const);
    const at = scope === 'children' ? path.slice(0, Math.max(0, path.lastIndexOf('/'))) : path;
    return { path: at as RelPath, scope };
  }

  private rowTexts(): Map<string, string> {
    const rows = this.store.mapping(GROUP, MAPPING).page(null, Infinity);
    return new Map(
      rows.map(({ path, row, applied }) => [
        path,
        `${[...row.context.values()].join(' ')} ${applied?.identity}`,
      ]),
    );
  }

  private newStore(): MemoryStore {
    const store = new MemoryStore(() => `${this.name}${this.tables++}`);
    this.world.observer.watch(this.index, this.name, store.mapping(GROUP, MAPPING));
    return store;
  }
}
