/** The scans of one run of the daemon: one at a time, in pieces, with the world going on between them. */
import type { BeliefReader, Believed, Look } from '../../../src/backends/engine/scan/observation.ts';
import { RootLost } from '../../../src/backends/engine/scan/root.ts';
import { scanSteps } from '../../../src/backends/engine/scan/scan.ts';
import type { RelPath } from '../../../src/backends/engine/core/types.ts';
import type { MappingStore } from '../../../src/backends/engine/store/store.ts';
import { isFull, type LookJob } from '../../../src/backends/engine/sync/look-job.ts';
import type { Replica } from '../../../src/backends/engine/sync/replica.ts';
import { SysError } from '../../../src/sys/sys.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import { Guard } from './guard.ts';
import type { Run } from './machine.ts';
import { identitiesOf } from '../beliefs.ts';
import { count } from './world.ts';

const SELECTION = compileSelection({ exclude: [], include: [] });
const INLINE = 64 * 1024;
/** The batcher gathers hints for this many ms. */
const BATCH_DELAY = 100;

type Steps = ReturnType<typeof scanSteps>;

export class Looks {
  private readonly run: Run;
  private readonly replica: Replica;
  private readonly rows: MappingStore;
  private readonly beliefs: BeliefReader;
  readonly guard = new Guard();
  private readonly queue: { readonly looks: readonly Look[]; readonly done: () => void }[] = [];
  private isLooking = false;
  private hints = new Map<string, Look>();

  constructor(run: Run, replica: Replica, rows: MappingStore) {
    this.run = run;
    this.replica = replica;
    this.rows = rows;
    this.beliefs = beliefsOf(rows);
  }

  /** The watcher says where to look; the batcher gathers for a moment. */
  hint(look: Look): void {
    if (!this.run.alive) return;
    if (this.hints.size === 0) this.run.later(BATCH_DELAY, () => this.takeHints());
    this.hints.set(`${look.path}\0${look.scope}`, look);
  }

  look(looks: readonly Look[], done: () => void = () => undefined): void {
    this.queue.push({ looks, done });
    if (!this.isLooking) this.next();
  }

  forgetHints(): void {
    this.hints.clear();
  }

  private takeHints(): void {
    const looks = [...this.hints.values()];
    this.hints.clear();
    if (looks.length > 0) this.look(looks);
  }

  private next(): void {
    const next = this.queue.shift();
    this.isLooking = next !== undefined;
    if (next === undefined) return;
    const { fs, rootFd, world } = this.run;
    count(world, 'scans');
    const options = {
      ...this.run.diskOptions(),
      selection: SELECTION,
      contentUpTo: world.history.inline ? INLINE : 0,
      contentBudget: 1 << 20,
    };
    const judged = this.guard.begin(isFull(next.looks));
    const job = this.replica.looking.begin(next.looks);
    this.piece(job, scanSteps(fs, rootFd, this.beliefs, next.looks, options), () => {
      const end = (): void => this.replica.looked(job);
      if (world.history.guarded === true) judged(this.rows, end);
      else end();
      next.done();
    });
  }

  /** What is found is told at once, the end of the scan a bit later. */
  private piece(job: LookJob, steps: Steps, end: () => void): void {
    const { random } = this.run.world;
    for (;;) {
      const step = this.run.onDisk(() => nextStep(steps));
      if (step === undefined) return;
      if (step === 'failed') {
        count(this.run.world, 'scan failed');
        this.replica.lookFailed(job);
        return this.next();
      }
      if (step.done === true) break;
      if (step.value !== null) {
        this.run.trace(`found ${step.value.path} ${step.value.kind}`);
        if (step.value.kind === 'hot') count(this.run.world, 'hot');
        this.replica.observed(job, [step.value]);
      }
      if (random.chance(0.1)) return this.run.soon(30, () => this.piece(job, steps, end));
    }
    this.run.soon(5, () => {
      end();
      this.next();
    });
  }
}

function nextStep(steps: Steps): ReturnType<Steps['next']> | 'failed' {
  try {
    return steps.next();
  } catch (error) {
    if (!(error instanceof RootLost || error instanceof SysError)) throw error;
    return 'failed';
  }
}

function beliefsOf(rows: MappingStore): BeliefReader {
  function* children(dir: RelPath): Generator<Believed> {
    for (const row of rows.children(dir)) {
      if (row.applied !== null && row.applied.value.kind !== 'absent')
        yield { path: row.path, applied: row.applied };
    }
  }
  return {
    get: (path) => {
      const row = rows.get(path);
      return row === null ? null : { path, applied: row.applied };
    },
    children,
    identities: (dir) => identitiesOf(children(dir)),
  };
}
