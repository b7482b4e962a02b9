/** A simulated machine: its disk, its clock, its users, its watcher, its power, and the daemon that runs on it or not. */
import { MemoryStore } from '../../../src/backends/engine/store/memory.ts';
import { Dots } from '../../../src/backends/engine/sync/dots.ts';
import type { NodeId, RelPath } from '../../../src/backends/engine/core/types.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { CsyncdError } from '../../../src/util/errors.ts';
import { Actor } from './actor.ts';
import { Disk, type Inode } from './disk.ts';
import type { Edit } from './history.ts';
import { InvariantError } from './observer.ts';
import { Crash } from './fs.ts';
import { GROUP, MAPPING, Process, type Machine } from './process.ts';
import { StorePast } from './store-past.ts';
import { changed, difference, textOf, textOfBytes, treeOf, type Tree } from './trees.ts';
import { BYTES_LOST, count, type World } from './world.ts';

const READS = new Set(['openDir', 'openFile', 'list', 'listStat', 'read', 'lstat', 'readlink']);

/** A system call of the engine: the n-th from now on, of this kind and with this name (null = any); 0 = at once. */
interface Moment {
  readonly calls: number;
  readonly call: string | null;
  readonly name: string | null;
}

export class SimNode implements Machine {
  readonly name: string;
  readonly disk: Disk;
  store: MemoryStore;
  process: Process | null = null;
  /** why it could not start */
  problem = '';
  private readonly index: number;
  private readonly world: World;
  private readonly past: StorePast | null;
  private actor: Actor;
  private skewMs = 0;
  private armed: (Moment & { left: number; readonly run: () => void })[] = [];
  private readonly touchedWhileDown = new Set<string>();
  private readonly broken = new Map<string, string | null>();
  private deafFor = 0;
  private isEngine = false;
  private tables = 0;

  constructor(world: World, index: number) {
    this.world = world;
    this.index = index;
    this.name = world.names[index] ?? '';
    const journalled = world.history.ops.some((op) => op.do === 'power');
    this.disk = new Disk({
      now: () => this.now(),
      tickNs: BigInt(world.history.tickMs) * 1_000_000n,
      journalled,
    });
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
    for (const { path } of this.store.mapping(GROUP, MAPPING).intents()) {
      if (this.touchedWhileDown.has(path)) this.world.ledger.excuse(path);
    }
    this.touchedWhileDown.clear();
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
    for (const [what, number] of Object.entries(process.replica.applying.counters))
      count(this.world, what, number);
    this.process = null;
    process.end();
  }

  /** Adds what the running replica counted to the world's counters. */
  tally(): void {
    const counters: Readonly<Record<string, number>> = this.process?.replica.applying.counters ?? {};
    for (const [what, number] of Object.entries(counters)) count(this.world, what, number);
  }

  /** The machine loses its power: what was not flushed may be gone, of the files and of the store. */
  cutPower(): void {
    const before = treeOf(this.disk);
    const held = this.texts();
    this.kill();
    this.actor.end();
    const lost = this.disk.powerCut(this.world.random);
    this.actor = new Actor(this.disk);
    if (this.past !== null) {
      const known = this.rowTexts();
      this.store = this.past.recall(this.newStore(), this.world.random, this.now());
      this.past.follow(this.store, () => this.now());
      // What the store does not know any more, the disk may still hold: whether it is old or new nobody here can tell.
      const left = this.rowTexts();
      for (const [path, text] of known) if (left.get(path) !== text) this.world.ledger.excuse(path);
    }
    new Dots(this.name as NodeId, this.store, () => this.now()).newEpoch();
    this.store.newTableId();
    const isRelaxed = this.world.history.durability === 'relaxed';
    const left = this.texts();
    const gone = isRelaxed ? [...held].filter((text) => !left.has(text)) : lost.map(textOfBytes);
    const after = treeOf(this.disk);
    if (lost.length > 0 || difference(before, after) !== null) count(this.world, BYTES_LOST);
    this.world.ledger.powerLost(this.index, before, after, gone, isRelaxed);
  }

  /** The daemon, or the machine, ends right here, in the middle of a system call or not. */
  stop(what: 'kill' | 'power'): void {
    const isRunning = this.isEngine;
    if (what === 'kill') this.kill();
    else this.cutPower();
    if (isRunning) throw new Crash(what);
  }

  skew(ms: number): void {
    this.skewMs += ms;
  }

  /** Something happens just before the engine's n-th such system call from now on. */
  arm(moment: Moment, run: () => void): void {
    if (moment.calls === 0) run();
    else this.armed.push({ ...moment, left: moment.calls, run });
  }

  /** What still waits for a system call happens now. */
  disarm(): void {
    for (const { run } of this.armed.splice(0)) {
      try {
        run();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.crashed(this.process);
      }
    }
  }

  deafen(events: number): void {
    this.deafFor += events;
  }

  /** Calls that read this path fail, or those of one kind. */
  breakPath(path: string, call: string | null): void {
    this.broken.set(path, call);
  }

  mend(): void {
    this.broken.clear();
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
    if (overwritten !== null && edit.do === 'late')
      this.world.ledger.wroteUnseen(this.index, overwritten, edit.text);
    this.world.ledger.edited(this.index, before, after);
    if (this.process === null) for (const path of changed(before, after)) this.touchedWhileDown.add(path);
    this.notice(before, after);
  }

  beforeCall(call: string, inode: Inode | null, name: string): void {
    for (const armed of this.armed) {
      const isSuch = (armed.call ?? call) === call && (armed.name ?? name) === name;
      if (isSuch) armed.left--;
    }
    const due = this.armed.filter(({ left }) => left <= 0);
    if (due.length > 0) {
      this.armed = this.armed.filter(({ left }) => left > 0);
      for (const { run } of due) run();
    }
    if (this.broken.size === 0 || inode === null || !READS.has(call)) return;
    const path = [pathOf(inode), name].filter((part) => part !== '').join('/');
    const broken = this.broken.get(path);
    if (broken !== undefined && call.startsWith(broken ?? '')) {
      count(this.world, 'EIO');
      throw new SysError('EIO', call, path);
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

  crashed(process: Process | null): void {
    if (this.process === process) this.kill();
  }

  /** I8: the last name of what a user of this machine wrote goes only when its bytes are elsewhere on this disk. */
  private checkKept(inode: Inode): void {
    if (!this.isEngine || (inode.kind !== 'file' && inode.kind !== 'symlink')) return;
    const text = textOf(inode);
    if (text === '' || !this.world.ledger.wrote(this.index, text)) return;
    let isKept = false;
    this.disk.walk((other) => {
      isKept ||= other !== inode && other.kind === inode.kind && textOf(other) === text;
    });
    if (!isKept && !this.world.ledger.gaveUp(text))
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
        `${row.context.size} ${[...row.context.values()].join(' ')} ${applied?.identity}`,
      ]),
    );
  }

  /** Every content on the disk, backups included. */
  private texts(): Set<string> {
    const texts = new Set<string>();
    this.disk.walk((inode) => texts.add(textOf(inode)));
    return texts;
  }

  private newStore(): MemoryStore {
    const store = new MemoryStore(() => `${this.name}${this.tables++}`);
    this.world.observer.watch(this.index, this.name, store.mapping(GROUP, MAPPING));
    return store;
  }
}

function pathOf(inode: Inode): string {
  let path = '';
  for (let at: Inode | null = inode; at !== null && at.parent !== at; at = at.parent) {
    path = path === '' ? at.name : `${at.name}/${path}`;
  }
  return path;
}
