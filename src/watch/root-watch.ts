/**
 * A watch host's work: waits for the root, covers it, then says where to look, for as long as the root stays what it is
 * and events can be relied on. It never repairs its own watch: it asks to be replaced.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { watch } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { compileSelection, type Selection } from '../util/selection.ts';
import { Canary } from './canary.ts';
import { below, Coverage } from './coverage.ts';
import type { DirIdentity, DirNode } from './directory-index.ts';
import { readNames } from './disk.ts';
import { eventPath } from './event-path.ts';
import { EventQueue } from './event-queue.ts';
import { HintSender } from './hint-sender.ts';
import { Intake, type Happened } from './intake.ts';
import { inotifyLimit } from './inotify-limits.ts';
import { Pace } from './pace.ts';
import { fromWire, toWire, type HostFigures, type HostMessage, type HostOrders } from './protocol.ts';
import { watchRecursively } from './recursive-watch.ts';
import { lookAtRoot, mountsAround } from './root-identity.ts';
import { noRecursiveWatch, reportsChanges, uncoveredDirectory, type Shortcoming } from './shortcomings.ts';
import { Sweep } from './sweep.ts';
import { watchedInodes } from './watch-audit.ts';

export type Send = (message: HostMessage, sent?: () => void) => void;

const TICK_MS = 500;
const ROOT_TICKS = 2;
const PULSE_TICKS = 4;
const CANARY_LATE_MS = 2_000;
const CANARY_DEAD_MS = 5_000;
/** A full scan takes time: more suspicions within this are one. */
const SUSPICION_MS = 10_000;
const AUDIT_MS = 300_000;
const AUDIT_ROUNDS = 3;
/** From so many patches on (and a quarter of all directories) a new recursive watch is cheaper. */
const MANY_PATCHES = 20_000;
const COMPACT_AFTER_MS = 600_000;
const QUIET_MS = 30_000;
/** Excluded directories are kept out of the recursive watch when they are this near to the root, and so few. */
const IGNORE_DEPTH = 3;
const IGNORE_MOST = 100;

export class RootWatch {
  readonly #orders: HostOrders;
  readonly #send: Send;
  readonly #selection: Selection;
  readonly #pace = new Pace(inotifyLimit('max_queued_events') ?? 0);
  readonly #hints: HintSender;
  readonly #coverage: Coverage;
  readonly #intake: Intake;
  readonly #queue: EventQueue<Happened & { readonly doubtful: boolean }>;
  readonly #sweep: Sweep;
  readonly #canary: Canary;
  readonly #events: boolean;
  readonly #startedAt = performance.now();
  readonly #shortcomings = new Map<string, Shortcoming>();
  #identity: DirIdentity | null = null;
  #mounts = '';
  #covered = false;
  #recursive = false;
  #lost = false;
  #replaced = false;
  #overflows = 0;
  #ticks = 0;
  #tickedAt = performance.now();
  #suspectedAt = -Infinity;
  #suspicion: NodeJS.Timeout | null = null;
  #auditAt = Infinity;
  #lastEventAt = 0;

  constructor(orders: HostOrders, send: Send) {
    this.#orders = orders;
    this.#send = send;
    this.#selection = compileSelection(orders);
    this.#events = reportsChanges(orders.root);
    this.#hints = new HintSender(
      (hints, sent) => this.#send({ kind: 'hints', hints }, sent),
      () => this.#rootPresent(),
    );
    const enters = (path: string): boolean => !this.#isHidden(path) && this.#selection.enters(path);
    const selects = (path: string, isDir: boolean): boolean => this.#selection.selects(path, isDir);
    this.#coverage = new Coverage({
      root: orders.root,
      events: this.#events,
      enters,
      report: this.#hints.add,
      onPatchEvent: (node, name) => this.#patchEvent(node, name),
      onUncovered: (path, code) => this.#fallShort(uncoveredDirectory(path, code)),
    });
    this.#intake = new Intake({ coverage: this.#coverage, enters, selects, report: this.#hints.add });
    this.#queue = new EventQueue(
      (event) => this.#intake.take(event, event.doubtful),
      () => this.#suspect('more events than can be worked off'),
    );
    this.#sweep = new Sweep({
      coverage: this.#coverage,
      report: this.#hints.add,
      periodMs: orders.sweepMs,
      rootPresent: () => this.#rootPresent(),
    });
    this.#canary = new Canary(orders.canary);
  }

  /** Resolves when the root is covered. */
  async run(): Promise<void> {
    setInterval(() => this.#tick(), TICK_MS);
    await this.#findRoot();
    const { root, canary } = this.#orders;
    this.#mounts = mountsAround(root);
    this.#watchCanaryPatch();
    if (this.#orders.recursive && this.#events) {
      const broken = await watchRecursively({
        root,
        ignored: [...this.#orders.hidden, ...this.#excludedDirectories()],
        canary: `${canary}/events`,
        onCanary: () => this.#canary.heard('events'),
        onEvents: (events) => this.#recursiveEvents(events),
        onBroken: (reason) => this.#replace(`the recursive watch broke: ${reason}`),
      });
      this.#recursive = broken === null;
    } else if (this.#events) this.#fallShort(noRecursiveWatch);
    await this.#coverage.readAll(!this.#recursive);
    this.#queue.open();
    await this.#audit();
    this.#sweep.start();
    this.#covered = true;
    this.#tellCovered();
  }

  /** The root as it is now becomes what it must stay. */
  async #findRoot(): Promise<void> {
    const { root, hidden } = this.#orders;
    const expected = this.#orders.expected === null ? null : fromWire(this.#orders.expected);
    let told = '';
    for (;;) {
      const state = lookAtRoot(root, expected, hidden);
      if (state.kind === 'present') {
        this.#identity = state.identity;
        return;
      }
      if (state.reason !== told) this.#send({ kind: 'root-lost', reason: `${root}: ${state.reason}` });
      told = state.reason;
      await wait(TICK_MS);
    }
  }

  #tellCovered(): void {
    if (this.#identity === null || !this.#rootPresent()) return;
    this.#send({ kind: 'covered', identity: toWire(this.#identity) });
    for (const shortcoming of this.#shortcomings.values()) this.#send({ kind: 'degraded', ...shortcoming });
  }

  #recursiveEvents(events: readonly { readonly path: string; readonly type: string }[]): void {
    const doubtful = this.#judge(events.length);
    for (const { path, type } of events) {
      const place = eventPath(this.#orders.root, path);
      if (place === null || this.#isHidden(place.path)) continue;
      this.#queue.push({ ...place, created: type === 'create', doubtful });
    }
  }

  #patchEvent(node: DirNode, name: string | null): void {
    const doubtful = this.#judge(1);
    const path = node.path();
    if (name === null) {
      this.#queue.push({ path, exact: false, created: false, doubtful });
      return;
    }
    const place = below(path, name);
    if (!this.#isHidden(place)) this.#queue.push({ path: place, exact: true, created: false, doubtful });
    // What happens to a watched directory itself is reported under its own name, as if that were in it.
    if (name === node.name) this.#queue.push({ path, exact: true, created: false, doubtful });
  }

  #judge(events: number): boolean {
    this.#lastEventAt = performance.now();
    const pace = this.#pace.batch(events, this.#lastEventAt);
    if (pace === 'flood') this.#suspect('more events at once than the kernel may have kept');
    if (pace !== 'calm') this.#sweep.alarm();
    return pace !== 'calm';
  }

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
    if (!this.#covered || this.#lost) return;
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
    if (!this.#rootPresent()) return;
    const mounts = mountsAround(this.#orders.root);
    if (mounts !== this.#mounts) {
      this.#mounts = mounts;
      this.#suspect('mounts changed at or around the root');
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
    for (const lane of ['events', 'patches'] as const) {
      if (lane === 'events' && !this.#recursive) continue;
      if (this.#canary.firstLate(lane, now, CANARY_LATE_MS)) this.#overflowed(`${lane} are late`);
      if (this.#canary.waiting(lane, now) > CANARY_DEAD_MS) this.#replace(`${lane} do not arrive`);
    }
    this.#canary.pulse(now);
  }

  #watchCanaryPatch(): void {
    try {
      watch(Canary.directory(this.#orders.canary, 'patches'), () => this.#canary.heard('patches')).on(
        'error',
        () => {},
      );
    } catch {
      // No instance or watch is left: the first patch will say so. What is not watched here stays silent: no alarm.
    }
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
    this.#suspect(reason);
  }

  /** One at once, and one more after the last, so that a scan begins after what it is to find. */
  #suspect(reason: string): void {
    if (this.#suspicion !== null) return;
    const due = Math.max(0, this.#suspectedAt + SUSPICION_MS - performance.now());
    this.#suspicion = setTimeout(() => {
      this.#suspicion = null;
      this.#suspectedAt = performance.now();
      if (this.#covered) this.#auditAt = this.#suspectedAt;
      this.#send({ kind: 'suspicion', reason });
    }, due);
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
    if (this.#covered) this.#send({ kind: 'degraded', ...shortcoming });
  }

  /** False from the moment that the directory at the root's path is not the one that is watched. */
  #rootPresent(): boolean {
    if (this.#lost || this.#identity === null) return false;
    const state = lookAtRoot(this.#orders.root, this.#identity, []);
    if (state.kind === 'present') return true;
    this.#lost = true;
    this.#sweep.stop();
    this.#send({ kind: 'root-lost', reason: `${this.#orders.root}: ${state.reason}` });
    return false;
  }

  /** Gives every directory that the kernel does not watch for us a patch. */
  async #audit(): Promise<void> {
    this.#auditAt = performance.now() + AUDIT_MS;
    if (!this.#recursive) return;
    for (let round = 0; round < AUDIT_ROUNDS; round += 1) {
      const watched = watchedInodes();
      if (watched === null) return;
      const blind: DirNode[] = [];
      for (const node of this.#coverage.index.all()) {
        const isWatched = node.identity === null || node.patch !== null || watched.has(node.identity);
        if ((!isWatched && !this.#coverage.uncovered.has(node)) || (node.patch === null && isNotText(node))) {
          blind.push(node);
        }
      }
      if (blind.length === 0) return;
      for (const node of blind) if (node.alive && this.#coverage.patch(node)) this.#coverage.look(node);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #excludedDirectories(): string[] {
    const found: string[] = [];
    const search = (dir: string, depth: number): void => {
      const names = readNames(this.#coverage.absolute(dir));
      if (names.kind === 'failed') return;
      for (const name of names.directories) {
        const path = below(dir, name);
        if (this.#isHidden(path)) continue;
        if (!this.#selection.enters(path)) found.push(path);
        else if (depth < IGNORE_DEPTH) search(path, depth + 1);
        if (found.length >= IGNORE_MOST) return;
      }
    };
    if (this.#orders.exclude.length > 0 || this.#orders.include.length > 0) search('', 1);
    return found;
  }
}

/** Whether events of the recursive watch cannot name what is in this directory. */
function isNotText(node: DirNode): boolean {
  for (let at: DirNode | null = node; at !== null; at = at.parent) {
    // oxlint-disable-next-line no-control-regex
    if (/[^\x00-\x7f]/.test(at.name) && !isUtf8(Buffer.from(at.name, 'latin1'))) return true;
  }
  return false;
}
