/** A group that an external csync2 serves, as the orchestrator knows it. */
import { isDeepStrictEqual } from 'node:util';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import type { Config, Group } from '../../config/model.ts';
import type {
  Backend,
  BackendStatus,
  BackupEntry,
  Batch,
  Conflict,
  Explanation,
  HoldReason,
  LookResult,
  VerifyResult,
  WaitResult,
} from '../backend.ts';
import { listBackups, pruneBackups, restoreBackup } from './backups.ts';
import { GroupRun, type GroupRunParts } from './group-run.ts';
import { decideHeld, listConflicts, resolveConflict, revertEdits } from './decisions.ts';
import { explainPath, groupStatus } from './standing.ts';
import { waitSettled } from './settled.ts';
import { verifyMapping } from './verification.ts';

export class Csync2Backend implements Backend {
  readonly kind = 'csync2';
  readonly group: string;
  #parts: GroupRunParts;
  #run: GroupRun;
  #isStarted = false;

  constructor(parts: GroupRunParts) {
    this.#parts = parts;
    this.group = parts.group.name;
    this.#run = new GroupRun(parts);
  }

  get run(): GroupRun {
    return this.#run;
  }

  async start(): Promise<void> {
    await this.#run.start();
    this.#isStarted = true;
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    await this.#run.stop();
  }

  /** Serves the group as it is now. Rejects with a CsyncdError, and goes on as before, when it cannot. */
  async reconfigure(config: Config, group: Group): Promise<void> {
    if (!this.#isStarted) return;
    const before = this.#parts;
    const parts = { ...before, config, group };
    const next = new GroupRun(parts);
    if (isSame(this.#run, next)) return;
    await next.prove();
    const attached = this.#run.mappings.flatMap(({ isAttached, parts }) =>
      isAttached ? [parts.mapping.name] : [],
    );
    await this.#run.stop();
    try {
      await this.#goOn(parts, next, attached);
    } catch (error) {
      await next.stop();
      await this.#goOn(before, new GroupRun(before), attached);
      throw error;
    }
  }

  async #goOn(parts: GroupRunParts, run: GroupRun, attached: readonly string[]): Promise<void> {
    this.#parts = parts;
    this.#run = run;
    await run.start();
    for (const name of attached) {
      if (!parts.group.mappings.some((mapping) => mapping.name === name)) continue;
      // Its next look says why, and it is attached again like any other that was lost.
      await run.attach(name).catch((error: unknown) => parts.log.warn(messageOf(error)));
    }
  }

  attach(mapping: string): Promise<void> {
    return this.#run.attach(mapping);
  }

  detach(mapping: string, _reason: HoldReason): void {
    this.#run.detach(mapping);
  }

  async takeRoot(mapping: string): Promise<void> {
    await this.#run.mapping(mapping).takeRoot();
  }

  take({ mapping, paths }: Batch, signal: AbortSignal): Promise<LookResult> {
    return this.#run.mapping(mapping).look(paths, signal);
  }

  async reconcile(name: string, signal: AbortSignal): Promise<LookResult> {
    const mapping = this.#run.mapping(name);
    const result = await mapping.look(null, signal);
    this.#run.sending.compare(mapping);
    const place = this.#run.backupPlace(mapping);
    // What a config of the operator's keeps is his.
    if (place !== null && this.#run.group.csync2?.configFile === null)
      await pruneBackups(place, this.#run.group.backup.keepMs, Date.now());
    return result;
  }

  settled(mapping: string | null, paths: readonly string[] | null, signal: AbortSignal): Promise<WaitResult> {
    const mappings = mapping === null ? this.#run.mappings : [this.#run.mapping(mapping)];
    return waitSettled(this.#run, mappings, paths, signal);
  }

  async verify(
    mapping: string,
    { deep }: { readonly deep: boolean },
    signal: AbortSignal,
  ): Promise<VerifyResult> {
    if (deep) {
      throw new CsyncdError('not-with-csync2', 'csync2 cannot reread content at its peers', {
        hint: 'csyncd verify without --deep compares kind, mode, owner, size and time; or set backend: engine',
      });
    }
    const { local, others, node } = this.#run;
    return verifyMapping(local, this.#run.mapping(mapping), others, node, signal);
  }

  status(): BackendStatus {
    return groupStatus(this.#run);
  }

  pausePeer(peer: string, mapping: string, paused: boolean): void {
    this.#run.peer(peer);
    this.#parts.services.setPaused(this.group, mapping, peer, paused);
    this.#run.exchangeChanged();
  }

  pauseMapping(mapping: string, paused: boolean): void {
    this.#parts.services.setPaused(this.group, mapping, null, paused);
    this.#run.exchangeChanged();
  }

  isPaused(mapping: string): boolean {
    return this.#parts.services.isPaused(this.group, mapping, null);
  }

  decide(mapping: string, decision: 'approve' | 'reject'): Promise<void> {
    return decideHeld(this.#run, this.#run.mapping(mapping), decision);
  }

  async revert(mapping: string, signal: AbortSignal): Promise<{ readonly reverted: number }> {
    return { reverted: await revertEdits(this.#run, this.#run.mapping(mapping), signal) };
  }

  conflicts(): Promise<readonly Conflict[]> {
    return listConflicts(this.#run);
  }

  resolve(mapping: string, path: string, keep: string): Promise<void> {
    return resolveConflict(this.#run, this.#run.mapping(mapping), path, keep);
  }

  async backups(mapping: string | null, path: string | null): Promise<readonly BackupEntry[]> {
    const mappings = mapping === null ? this.#run.mappings : [this.#run.mapping(mapping)];
    const places = mappings.flatMap((one) => this.#run.backupPlace(one) ?? []);
    const lists = await Promise.all(places.map((place) => listBackups(place, path)));
    return lists.flat().toSorted((a, b) => (a.time < b.time ? 1 : -1));
  }

  async restore(mapping: string, path: string, version: string): Promise<void> {
    const place = this.#run.backupPlace(this.#run.mapping(mapping));
    if (place === null)
      throw new CsyncdError('no-backups', `the csync2 config of group ${this.group} keeps no backups`);
    await restoreBackup(place, path, version);
  }

  explain(mapping: string, path: string): Promise<Explanation> {
    return explainPath(this.#run, this.#run.mapping(mapping), path);
  }
}

/** What a config that is managed elsewhere selects is not in the group: it may always have changed. */
function isSame(one: GroupRun, other: GroupRun): boolean {
  return (
    isDeepStrictEqual(one.group, other.group) &&
    one.group.csync2?.configFile === null &&
    one.local.settings.key === other.local.settings.key
  );
}
