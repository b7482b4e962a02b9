/**
 * Finds what no event told: compares the mtime of every known directory with the index. Each creation, deletion and
 * rename changes it, also those that cancelled each other out on the way. Runs every `periodMs`, and soon after an alarm.
 */
import type { Coverage } from './coverage.ts';
import { isToldByPatch, sameDirectory, UNSETTLED, type DirNode } from './directory-index.ts';
import { identityOf, isSettled, lstatBytes } from './disk.ts';
import type { Hint } from './hint.ts';

export interface SweepOptions {
  readonly coverage: Coverage;
  readonly report: (hint: Hint) => void;
  readonly periodMs: number;
  /** false while the root is not to be trusted: then nothing is compared */
  readonly rootPresent: () => boolean;
}

const ALARM_MS = 250;
const SLICE_MS = 5;
/** A sweep takes at most this share of the time … */
const PERIODIC_SHARE = 0.005;
const ALARM_SHARE = 0.1;
const DOUBT_SHARE = 0.02;
/** … and a look at one directory, which costs about 10 µs an entry here and in the backend, a tenth. */
const LOOK_MS_PER_ENTRY = 0.1;
/** Entries of unwatched directories that are hinted in one sweep. */
const UNCOVERED_ENTRIES = 20_000;
const UNCOVERED_ATTEMPTS = 100;

export class Sweep {
  /** directories found changed although no event had come from them */
  hits = 0;
  readonly #options: SweepOptions;
  #timer: NodeJS.Timeout | null = null;
  #dueAt = Infinity;
  #running = false;
  /** the share of the time that the next sweep is worth, because of what came while this one ran; 0 = none */
  #again = 0;
  #lastMs = 0;
  #endedAt = 0;
  #stopped = false;
  /** when the first of the large directories that were passed over may be looked at again */
  #postponed = Infinity;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#endedAt = performance.now();
    this.#periodic();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Something has probably been missed: sweep soon. */
  alarm(): void {
    this.#soon(ALARM_SHARE);
  }

  /** Something may have been missed. */
  doubt(): void {
    this.#soon(DOUBT_SHARE);
  }

  #soon(share: number): void {
    if (this.#running) this.#again = Math.max(this.#again, share);
    else this.#at(Math.max(performance.now() + ALARM_MS, this.#endedAt + this.#lastMs / share));
  }

  #periodic(): void {
    this.#at(this.#endedAt + Math.max(this.#options.periodMs, this.#lastMs / PERIODIC_SHARE));
  }

  #at(due: number): void {
    if (this.#stopped || due >= this.#dueAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueAt = due;
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, due - performance.now()));
  }

  async #run(): Promise<void> {
    this.#timer = null;
    this.#dueAt = Infinity;
    this.#running = true;
    this.#again = 0;
    this.#postponed = Infinity;
    this.#lastMs = await this.#all();
    this.#running = false;
    this.#endedAt = performance.now();
    if (this.#again > 0) this.#soon(this.#again);
    this.#at(Math.max(this.#postponed, this.#endedAt + this.#lastMs / ALARM_SHARE));
    this.#periodic();
  }

  /** @returns ms of work */
  async #all(): Promise<number> {
    const { coverage, rootPresent } = this.#options;
    let worked = 0;
    let began = performance.now();
    if (!rootPresent()) return 0;
    for (const node of coverage.index.all()) {
      this.#compare(node, began);
      const now = performance.now();
      if (now - began < SLICE_MS) continue;
      worked += now - began;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#stopped || !rootPresent()) return worked;
      began = performance.now();
    }
    this.#visitUncovered();
    return worked + performance.now() - began;
  }

  #compare(node: DirNode, now: number): void {
    const { coverage, report } = this.#options;
    // It is still being read.
    if (node.identity === null) return;
    const path = node.path();
    const stat = lstatBytes(coverage.absolute(path));
    if (stat === null || !stat.isDirectory()) {
      if (node.parent === null) return;
      if (!node.touched) this.hits += 1;
      coverage.forget(node);
      report({ path, scope: 'subtree' });
      return;
    }
    if (!sameDirectory(node.identity, identityOf(stat))) {
      if (node.parent !== null) coverage.cover(node.parent, node.name);
      return;
    }
    if (stat.mtimeNs === node.mtimeNs && !node.doubtful) return;
    if (node.touched && !node.doubtful && isToldByPatch(node)) {
      this.#explained(node, stat.mtimeNs);
      return;
    }
    const lookAt = node.lookedAt + node.entries * LOOK_MS_PER_ENTRY;
    if (now < lookAt) {
      this.#postponed = Math.min(this.#postponed, lookAt);
      return;
    }
    if (!node.touched && node.mtimeNs !== UNSETTLED) this.hits += 1;
    coverage.look(node);
  }

  /** A patch loses nothing (an overflow is another matter): its events are what changed the mtime. */
  #explained(node: DirNode, mtimeNs: bigint): void {
    if (!isSettled(mtimeNs, Date.now())) return;
    node.mtimeNs = mtimeNs;
    node.touched = false;
  }

  /** Directories without a watch: another attempt to get one, and a look at some of them in turn. */
  #visitUncovered(): void {
    const { coverage } = this.#options;
    let budget = UNCOVERED_ENTRIES;
    let attempts = UNCOVERED_ATTEMPTS;
    for (const node of Array.from(coverage.uncovered)) {
      if (attempts > 0) coverage.patch(node);
      attempts -= 1;
      budget -= node.entries + 1;
      if (budget < 0) return;
      // To the end of the line.
      if (coverage.uncovered.delete(node)) coverage.uncovered.add(node);
      coverage.look(node);
    }
  }
}
