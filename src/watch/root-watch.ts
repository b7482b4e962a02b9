/**
 * A watch host's work: waits for the root, covers it, then says where to look, for as long as the root stays what it is
 * and events can be relied on. It never repairs its own watch: it asks to be replaced.
 */
import { bytesToText } from '../util/bytes.ts';
import { compileSelection, type Selection } from '../util/selection.ts';
import { Canary } from './canary.ts';
import { Coverage } from './coverage.ts';
import { below, type DirNode } from './directory-index.ts';
import { eventPath } from './event-path.ts';
import { excludedDirectories } from './excluded-directories.ts';
import { EventQueue } from './event-queue.ts';
import { HintSender } from './hint-sender.ts';
import { Intake, type Happened } from './intake.ts';
import { inotifyLimit } from './inotify-limits.ts';
import { Pace, type Verdict } from './pace.ts';
import {
  fromWire,
  toWire,
  type HostFigures,
  type HostMessage,
  type HostOrders,
  type WireIdentity,
} from './protocol.ts';
import { watchRecursively } from './recursive-watch.ts';
import { RootGuard } from './root-guard.ts';
import { noRecursiveWatch, reportsChanges, uncoveredDirectory, type Shortcoming } from './shortcomings.ts';
import { Sweep } from './sweep.ts';
import { Suspicions } from './suspicions.ts';
import { auditWatches } from './watch-audit.ts';
import { inotifyDescriptors } from './watched-inodes.ts';

export type Send = (message: HostMessage, sent?: () => void) => void;

const TICK_MS = 500;
const ROOT_TICKS = 2;
const PULSE_TICKS = 4;
const CANARY_LATE_MS = 2_000;
const CANARY_DEAD_MS = 5_000;
const AUDIT_MS = 300_000;
/** Patches beside the recursive watch: about 2 KiB each, here and in the kernel. */
const MOST_SPARES = 100_000;
/** From so many patches on (and a quarter of all directories) a new recursive watch is cheaper. */
const MANY_PATCHES = 20_000;
const COMPACT_AFTER_MS = 600_000;
const QUIET_MS = 30_000;

export class RootWatch {
  readonly #orders: HostOrders;
  readonly #send: Send;
  readonly #selection: Selection;
  readonly #pace = new Pace(inotifyLimit('max_queued_events') ?? 0);
  readonly #patchPace = new Pace(inotifyLimit('max_queued_events') ?? 0);
  readonly #hints: HintSender;
  readonly #coverage: Coverage;
  readonly #intake: Intake;
  readonly #queue: EventQueue<Happened>;
  readonly #sweep: Sweep;
  readonly #canary: Canary;
  readonly #events: boolean;
  readonly #startedAt = performance.now();
  readonly #shortcomings = new Map<string, Shortcoming>();
  readonly #guard: RootGuard;
  readonly #suspicions: Suspicions;
  #identity: WireIdentity | null = null;
  #covered = false;
  /** the inotify descriptors from before the recursive watch */
  #patchDescriptors: ReadonlySet<string> = new Set();
  #recursive = false;
  #replaced = false;
  #overflows = 0;
  #ticks = 0;
  #tickedAt = performance.now();
  #auditAt = Infinity;
  #lastEventAt = 0;

  constructor(orders: HostOrders, send: Send) {
    this.#orders = orders;
    this.#send = send;
    this.#selection = compileSelection(orders);
    this.#events = reportsChanges(orders.root);
    this.#guard = new RootGuard(orders.root, (reason) => {
      this.#send({ kind: 'root-lost', reason: `${bytesToText(orders.root)}: ${reason}` });
    });
    this.#suspicions = new Suspicions((reason) => {
      if (this.#covered) this.#auditAt = 0;
      this.#send({ kind: 'suspicion', reason });
    });
    this.#hints = new HintSender(
      (hints, sent) => this.#send({ kind: 'hints', hints }, sent),
      this.#guard.isPresent,
    );
    this.#coverage = new Coverage({
      root: orders.root,
      events: this.#events,
      spares: Math.min(MOST_SPARES, Math.floor((inotifyLimit('max_user_watches') ?? 0) / 8)),
      enters: this.#enters,
      report: this.#hints.add,
      onPatchEvent: (node, name) => this.#patchEvent(node, name),
      onUncovered: (path, code) => this.#fallShort(uncoveredDirectory(path, code)),
    });
    this.#intake = new Intake({
      coverage: this.#coverage,
      enters: this.#enters,
      selects: (path, isDir) => this.#selection.selects(path, isDir),
      report: this.#hints.add,
      onUnsure: (doubtful) => (doubtful ? this.#sweep.alarm() : this.#sweep.doubt()),
    });
    this.#queue = new EventQueue(
      (event) => this.#intake.take(event),
      () => this.#suspicions.add('more events than can be worked off'),
    );
    this.#sweep = new Sweep({
      coverage: this.#coverage,
      report: this.#hints.add,
      periodMs: orders.sweepMs,
      rootPresent: this.#guard.isPresent,
    });
    this.#canary = new Canary(orders.canary);
  }

  /**
   * Resolves when the root is covered by all that there is. Told is that as soon as every directory has some watch: the
   * recursive one reads every name in the tree before it begins, which is as long as a full scan takes.
   */
  async run(): Promise<void> {
    setInterval(() => this.#tick(), TICK_MS);
    const { expected, hidden } = this.#orders;
    this.#identity = toWire(await this.#guard.appears(expected === null ? null : fromWire(expected), hidden));
    if (this.#events) this.#canary.watchPatches();
    const isRecursive = this.#events && this.#orders.recursive;
    if (isRecursive) {
      if (await this.#coverage.readSpared()) this.#cover();
      await this.#beginRecursive();
    } else if (this.#events) {
      this.#fallShort(noRecursiveWatch);
    }
    await this.#coverage.readRest(this.#recursive);
    this.#queue.open();
    await this.#audit();
    this.#cover();
    this.#send({ kind: 'begun' });
    if (this.#recursive) await this.#coverage.assistAll();
  }

  #cover(): void {
    if (this.#covered) return;
    this.#queue.open();
    this.#sweep.start();
    this.#covered = true;
    this.#tellCovered();
  }

  async #beginRecursive(): Promise<void> {
    const { root, hidden, canary } = this.#orders;
    this.#patchDescriptors = inotifyDescriptors();
    const reason = await watchRecursively({
      root,
      ignored: [...hidden, ...excludedDirectories(root, this.#enters)],
      canary: `${canary}/events`,
      onCanary: () => this.#canary.heard('events'),
      onEvents: (events) => this.#recursiveEvents(events),
      onBroken: (broken) => this.#replace(`the recursive watch broke: ${broken}`),
    });
    this.#recursive = reason === null;
    if (this.#recursive) this.#canary.enable('events');
  }

  async #audit(): Promise<void> {
    this.#auditAt = performance.now() + AUDIT_MS;
    if (this.#recursive) await auditWatches(this.#coverage, this.#patchDescriptors);
  }

  #tellCovered(): void {
    if (this.#identity === null || !this.#guard.isPresent()) return;
    this.#send({ kind: 'covered', identity: this.#identity });
    for (const shortcoming of this.#shortcomings.values()) this.#tellShortcoming(shortcoming);
  }

  #recursiveEvents(events: readonly { readonly path: string; readonly type: string }[]): void {
    const pace = this.#judge(this.#pace.batch(events.length, performance.now()));
    // Its batches lose some of what comes while they are made up.
    const doubtful = pace !== 'calm';
    if (events.length === 0) this.#sweep.doubt();
    for (const { path, type } of events) {
      const place = eventPath(this.#orders.root, path);
      if (place === null || this.#isHidden(place.path)) continue;
      this.#queue.push({ ...place, created: type === 'create', recursive: true, doubtful });
    }
  }

  #patchEvent(node: DirNode, name: string | null): void {
    this.#judge(this.#patchPace.batch(1, performance.now()));
    const dir = node.path();
    const happened = (path: string, exact: boolean): void =>
      this.#queue.push({ path, exact, created: false, recursive: false, doubtful: false });
    if (name === null) {
      happened(dir, false);
      return;
    }
    const place = below(dir, name);
    if (!this.#isHidden(place)) happened(place, true);
    // What happens to a watched directory itself is reported under its own name, as if that were in it.
    if (name === node.name) happened(dir, true);
  }

  #judge(verdict: Verdict): Verdict {
    this.#lastEventAt = performance.now();
    if (verdict === 'flood') this.#suspicions.add('more events at once than the kernel may have kept');
    return verdict;
  }

  readonly #enters = (path: string): boolean => !this.#isHidden(path) && this.#selection.enters(path);

  #isHidden(path: string): boolean {
    const slash = path.indexOf('/');
    return this.#orders.hidden.includes(slash === -1 ? path : path.slice(0, slash));
  }

  #tick(): void {
    const now = performance.now();
    const late = now - this.#tickedAt - TICK_MS;
    this.#tickedAt = now;
    this.#ticks += 1;
    if (this.#ticks % ROOT_TICKS === 0) this.#send({ kind: 'beat', figures: this.#figures() });
    if (!this.#covered) return;
    if (late > this.#pace.stallMs) {
      this.#canary.reset();
      this.#overflowed(`the watch host stood still for ${Math.round(late / 1000)} s`);
    }
    if (this.#ticks % ROOT_TICKS === 0) this.#checkSurroundings();
    if (this.#ticks % PULSE_TICKS === 0) this.#checkCanary(now);
    if (now > this.#auditAt) void this.#audit();
    if (this.#shouldCompact(now)) this.#replace('many directories appeared since the recursive watch began');
  }

  #checkSurroundings(): void {
    if (!this.#guard.isPresent()) return;
    if (this.#guard.mountsChanged()) {
      this.#suspicions.add('mounts changed at or around the root');
      this.#replace('mounts changed at or around the root');
    }
    if (this.#coverage.uncovered.size === 0 && this.#passedShortcomings()) this.#tellCovered();
  }

  /** Forgets those that no uncovered directory is the reason for any more; true when there were some. */
  #passedShortcomings(): boolean {
    const before = this.#shortcomings.size;
    for (const { code, lasting } of this.#shortcomings.values())
      if (!lasting) this.#shortcomings.delete(code);
    return this.#shortcomings.size < before;
  }

  #checkCanary(now: number): void {
    for (const lane of this.#canary.enabled()) {
      if (this.#canary.firstLate(lane, now, CANARY_LATE_MS)) this.#overflowed(`${lane} are late`);
      if (this.#canary.waiting(lane, now) > CANARY_DEAD_MS) this.#replace(`${lane} do not arrive`);
    }
    this.#canary.pulse(now);
  }

  #figures(): HostFigures {
    return {
      directories: this.#coverage.index.count,
      overflows: this.#overflows,
      sweepHits: this.#sweep.hits,
      events: this.#events,
    };
  }

  #overflowed(reason: string): void {
    this.#overflows += 1;
    this.#sweep.alarm();
    this.#suspicions.add(reason);
  }

  #replace(reason: string): void {
    if (this.#replaced) return;
    this.#replaced = true;
    this.#send({ kind: 'replace', reason });
  }

  #shouldCompact(now: number): boolean {
    const { patches, index } = this.#coverage;
    if (patches < MANY_PATCHES || patches < index.count / 4) return false;
    return now - this.#startedAt > COMPACT_AFTER_MS && now - this.#lastEventAt > QUIET_MS;
  }

  #fallShort(shortcoming: Shortcoming): void {
    if (this.#shortcomings.has(shortcoming.code)) return;
    this.#shortcomings.set(shortcoming.code, shortcoming);
    if (this.#covered) this.#tellShortcoming(shortcoming);
  }

  #tellShortcoming({ code, message, hint }: Shortcoming): void {
    this.#send({ kind: 'degraded', code, message, hint });
  }
}
