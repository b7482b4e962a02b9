/** The changes that one run of the daemon makes to its disk: batches in the order in which they were asked for. */
import { applyBatch } from '../../../src/backends/engine/apply/apply.ts';
import { secondLook } from '../../../src/backends/engine/apply/backups.ts';
import type { ApplyReport, Change } from '../../../src/backends/engine/apply/change.ts';
import type { Identity, RelPath } from '../../../src/backends/engine/core/types.ts';
import { identityNow } from '../../../src/backends/engine/scan/identity.ts';
import type { Replica } from '../../../src/backends/engine/sync/replica.ts';
import type { ReplacedVersion } from '../../../src/backends/engine/sync/second-looks.ts';
import { SysError } from '../../../src/sys/sys.ts';
import type { Run } from './machine.ts';
import { count } from './world.ts';

export class Batches {
  private readonly run: Run;
  private readonly replica: Replica;
  /** A name was changed by the engine itself: the watcher sees that too. */
  private readonly echo: (path: RelPath) => void;
  private readonly queue: (readonly Change[])[] = [];

  constructor(run: Run, replica: Replica, echo: (path: RelPath) => void) {
    this.run = run;
    this.replica = replica;
    this.echo = echo;
  }

  add(changes: readonly Change[]): void {
    this.queue.push(changes);
    if (this.queue.length === 1) this.run.soon(20, () => this.next());
  }

  lookAtReplaced(versions: readonly ReplacedVersion[]): void {
    this.run.soon(20, () => {
      const { fs, rootFd, world } = this.run;
      const options = { ...this.run.diskOptions(), durability: world.history.durability };
      const found = this.run.onDisk(() => secondLook(fs, rootFd, versions, options)) ?? [];
      const edits = found.flatMap((one) => {
        const version = versions.find(({ id }) => id === one.id);
        return version === undefined ? [] : [{ ...one, path: version.path }];
      });
      if (edits.length === 0) return;
      count(world, 'raced late', edits.length);
      this.replica.racedLate(edits);
    });
  }

  private next(): void {
    const report = this.run.onDisk(() => this.apply(this.queue[0] ?? []));
    if (report === undefined) return;
    for (const { path, outcome } of report.results) {
      count(this.run.world, `apply ${outcome.kind}`);
      this.run.trace(`applied ${path} ${outcome.kind}`);
      this.run.soon(50, () => this.echo(path));
    }
    this.run.soon(20, () => {
      this.queue.shift();
      if (this.queue.length > 0) this.run.soon(20, () => this.next());
      this.replica.applied(report);
    });
  }

  private apply(changes: readonly Change[]): ApplyReport {
    const { fs, rootFd, world } = this.run;
    const { history, sabotage } = world;
    const change = sabotage.changes ?? ((one: Change) => one);
    const given = changes.map((one) => change(one, (path) => this.identityAt(path)));
    try {
      const options = { ...this.run.diskOptions(), durability: history.durability };
      return applyBatch(fs, rootFd, given, options);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const outcome = { kind: 'failed', code: error.code, message: error.message } as const;
      const results = changes.map(({ path }) => ({ path, outcome, parents: [] }));
      return { results, stageMs: 0, flushMs: 0, placeMs: 0 };
    }
  }

  private identityAt(path: RelPath): Identity | null {
    const { fs, rootFd } = this.run;
    const slash = path.lastIndexOf('/');
    try {
      const dir = fs.openDir(rootFd, slash === -1 ? '' : path.slice(0, slash));
      const stat = fs.lstat(dir, path.slice(slash + 1));
      fs.close(dir);
      return stat === null ? null : identityNow(stat);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      return null;
    }
  }
}
