/** The looks at one mapping's disk, one at a time, so that what is found is judged in order. */
import { CsyncdError, messageOf } from '../../../util/errors.ts';
import { spent } from '../../../util/timings.ts';
import type { DiskMapping } from '../disk/pool.ts';
import type { Look } from '../scan/observation.ts';
import { LookJob } from './look-job.ts';
import type { Replica } from './replica.ts';

export interface LookQueueParts {
  readonly replica: Replica;
  /** null while the mapping is detached */
  disk(): DiskMapping | null;
  /** What was found could not be recorded. */
  failed(error: unknown): void;
  now(): number;
}

interface QueuedLook {
  readonly looks: readonly Look[];
  /** read every file's content again, whatever its stat identity says */
  readonly reread: boolean;
  readonly done: PromiseWithResolvers<LookJob>;
}

export class LookQueue {
  readonly #parts: LookQueueParts;
  #queue: QueuedLook[] = [];
  #isRunning = false;
  /** The last look at the whole tree that came to its end. */
  lastScan: { readonly time: number; readonly ms: number; readonly entries: number } | null = null;

  constructor(parts: LookQueueParts) {
    this.#parts = parts;
  }

  /** Resolves when what was found is recorded. Rejects when the scan broke off. */
  add(looks: readonly Look[], reread: boolean): Promise<LookJob> {
    const done = Promise.withResolvers<LookJob>();
    this.#queue.push({ looks, reread, done });
    void this.#run();
    return done.promise;
  }

  /** The disk is gone: what waits is given up, what runs ends by itself. */
  giveUp(): void {
    for (const { looks, reread, done } of this.#queue.splice(0)) {
      this.#parts.replica.lookFailed(new LookJob(looks, reread));
      done.reject(notAttached());
    }
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      await this.#runOne(next);
    this.#isRunning = false;
  }

  async #runOne({ looks, reread, done }: QueuedLook): Promise<void> {
    const { replica } = this.#parts;
    const job = replica.looking.begin(looks, reread);
    const disk = this.#parts.disk();
    const started = performance.now();
    try {
      if (disk === null) throw notAttached();
      const report = await disk.scan(looks, { reread }, (observations) => {
        if (this.#parts.disk() === disk) replica.observed(job, observations);
      });
      spent('scan', report.walkMs);
      spent('hash', report.hashMs);
      // RACE: detached, and perhaps attached again, while it ran: it looked at another root, or at what is not to be trusted.
      if (this.#parts.disk() !== disk) throw notAttached();
      replica.looked(job);
      if (job.isFull)
        this.lastScan = { time: this.#parts.now(), ms: performance.now() - started, entries: report.entries };
      done.resolve(job);
    } catch (error) {
      replica.lookFailed(job);
      this.#parts.failed(error);
      done.reject(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }
}

export function notAttached(): CsyncdError {
  return new CsyncdError('detached', 'the directory is not attached');
}
