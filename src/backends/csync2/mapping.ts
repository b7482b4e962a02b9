/** One mapping of a group that csync2 serves: its root, and what is found there and told to csync2. */
import type { Mapping } from '../../config/model.ts';
import type { Sys } from '../../sys/sys.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { DirtyPath, LookResult } from '../backend.ts';
import type { NodeServices } from '../node-services.ts';
import { markedBy } from './check-result.ts';
import { coveringChecks, exactChecks, type Checks } from './checks.ts';
import type { CheckRules } from './checktxt.ts';
import type { LookError, Tree } from './comparison.ts';
import type { Difference } from './confirm.ts';
import { approve, holdReason, judge, recorded, reject, UNDECIDED, type Guard } from './deletion-guard.ts';
import type { Local, RunInTurn } from './local.ts';
import { databaseLost } from './failures.ts';
import { csync2User, removeLeftovers, type Csync2User } from './leftovers.ts';
import { EVERYTHING, look } from './look.ts';
import { MappingRoot } from './root.ts';
import type { Totals } from './table.ts';
import { TreeRecord } from './tree-record.ts';
import { forgetUnselected } from './unselected.ts';
import { YoungFiles } from './young-files.ts';

export interface MappingParts {
  readonly group: string;
  readonly node: string;
  readonly local: Local;
  readonly services: NodeServices;
  readonly sys: Sys;
  readonly mapping: Mapping;
  /** csync2's name of the root */
  readonly rootName: string;
  /** csync2's group of it */
  readonly block: string;
  readonly selection: Tree['selection'];
  readonly rules: CheckRules;
  /** the config of its csync2 is somebody else's: then nothing of csyncd's is put into the root */
  readonly isForeign: boolean;
  /** local edits stay here */
  readonly receiveOnly: boolean;
  /** by default whom this process runs as */
  readonly user?: Csync2User | null;
  /** csync2 has recorded all that is there, for the first time */
  readonly onFirstRecord: () => void;
  /** csync2 has been told of these names, and owes them now */
  readonly onMarked: (names: readonly string[]) => void;
}

const LEFT_BEHIND = 'left by a csync2 that was killed; never sent';
const nothing: Totals = { entries: 0, files: 0, bytes: 0 };

export class Csync2Mapping {
  readonly parts: MappingParts;
  /** absolute, a byte string */
  readonly root: string;
  readonly #root: MappingRoot;
  readonly #record: TreeRecord;
  readonly #young = new YoungFiles(nowNs);
  #isAttached = false;
  #guard: Guard = UNDECIDED;
  /** what the last look at everything held back */
  #held: readonly Difference[] = [];
  #errors: readonly LookError[] = [];
  #totals: Totals = nothing;

  constructor(parts: MappingParts) {
    this.parts = parts;
    this.#root = new MappingRoot(parts);
    this.#record = new TreeRecord(parts);
    this.root = this.#root.path;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Paths that cannot be looked at. */
  get errors(): readonly LookError[] {
    return this.#errors;
  }

  /** Byte paths of the deletions that wait for a person. */
  get held(): readonly string[] {
    return this.#held.map(({ path }) => path);
  }

  nameOf(path: string): string {
    return path === '' ? this.parts.rootName : `${this.parts.rootName}/${path}`;
  }

  /** null for a name of another mapping. */
  pathOf(name: string): string | null {
    const { rootName } = this.parts;
    if (name === rootName) return '';
    return name.startsWith(`${rootName}/`) ? name.slice(rootName.length + 1) : null;
  }

  fileOf(path: string): string {
    return path === '' ? this.root : `${this.root}/${path}`;
  }

  /**
   * The root is there. Rejects with a CsyncdError when it cannot be used, `root-lost` when it is not the one that csync2
   * has recorded. What csync2 knows nothing of it is told of, without owing it to anybody.
   *
   * @returns false when it was attached before
   */
  async attach(signal: AbortSignal): Promise<boolean> {
    if (this.#isAttached) return false;
    const { local, rootName, onFirstRecord } = this.parts;
    const isNew = await this.#record.isDue();
    if (!isNew) await forgetUnselected(this.parts, signal);
    this.#totals = await local.table.totals(rootName);
    await this.#root.accept(this.#totals.entries);
    if (isNew) {
      this.#record.begun();
      const onStart = (): void => this.#root.mustBeThere();
      markedBy(await local.bootstrap({ args: ['-cIr'], paths: [this.root], signal, onStart }));
      this.#totals = await local.table.totals(rootName);
      onFirstRecord();
      this.#record.done();
    }
    this.#record.kept();
    this.#isAttached = true;
    return true;
  }

  detach(): void {
    this.#isAttached = false;
  }

  /** Whether changes may be exchanged: csync2 would send what it owes as deletions when the root is away. */
  isThere(): boolean {
    try {
      this.#mustBeThere();
      return true;
    } catch {
      return false;
    }
  }

  /** A person takes the directory that is there for the root. */
  takeRoot(): Promise<void> {
    return this.#root.take();
  }

  /** @param places null: the whole tree */
  async look(places: readonly DirtyPath[] | null, signal: AbortSignal): Promise<LookResult> {
    this.#mustBeThere();
    if (this.#record.isLost) {
      this.#isAttached = false;
      throw databaseLost();
    }
    const { local } = this.parts;
    await local.quiet(signal);
    return local.alone((run) => this.#look(places, run, signal), signal);
  }

  async #look(places: readonly DirtyPath[] | null, run: RunInTurn, signal: AbortSignal): Promise<LookResult> {
    const { local, mapping, user = csync2User() } = this.parts;
    const settling = { sessionsOpen: () => local.incoming.isOpen(), now: nowNs, user };
    const findings = await look(this.tree, places ?? EVERYTHING, settling, signal);
    const { differences, unseen, toForce, again, leftovers } = findings;
    for (const path of removeLeftovers(this.tree, leftovers)) this.#audit('deleted', path, LEFT_BEHIND);
    if (places === null) this.#errors = findings.errors;
    else
      this.#errors = [
        ...this.#errors.filter((old) => !places.some(({ path }) => path === old.path)),
        ...findings.errors,
      ];
    if (differences.length > 0 || places === null)
      this.#totals = await local.table.totals(this.parts.rootName);
    const { allowed, isPartial, held, guard } = judge(this.#guard, {
      differences,
      isFull: places === null,
      files: this.#totals.files,
      maxDeletePercent: mapping.maxDeletePercent,
    });
    this.#guard = guard;
    if (places === null) this.#held = without(differences, new Set(held === null ? differences : allowed));
    await this.#tell(isPartial ? exactChecks(allowed) : coveringChecks(allowed, again), run);
    const edits = unseen.map(({ path }) => path);
    await this.#run(run, ['-v', '-m'], edits);
    await this.#run(run, ['-v', '-f'], toForce);
    this.#young.marked(unseen);
    // Unless a person has decided anew meanwhile.
    if (places === null && this.#guard === guard) this.#guard = recorded(guard);
    this.#auditEdits(allowed);
    this.#auditEdits(unseen.map(({ path }) => ({ path, was: 'file', is: 'file' })));
    const changed = allowed.length + unseen.length;
    return { changed, again, held: held === null ? null : holdReason(held, mapping) };
  }

  /** How much csync2 has recorded, from peers as well. */
  async count(): Promise<void> {
    this.#totals = await this.parts.local.table.totals(this.parts.rootName);
  }

  /** The next look at everything sends what it holds. */
  approve(): void {
    this.#guard = approve();
  }

  /** What was held is not sent. @returns the byte paths of it */
  reject(): readonly string[] {
    this.#guard = reject(this.#guard, this.#held);
    return this.held;
  }

  /** These are owed to all peers from now on, whatever csync2 thinks of them. */
  async mark(names: readonly string[], signal: AbortSignal): Promise<void> {
    const paths = this.#pathsOf(names);
    if (paths.length === 0) return;
    await this.parts.local.alone((run) => this.#run(run, ['-v', '-m'], paths), signal);
  }

  /** What this node has of these goes to all peers, whatever they have. */
  async force(names: readonly string[], signal: AbortSignal): Promise<void> {
    const paths = this.#pathsOf(names);
    await this.parts.local.alone(async (run) => {
      await this.#run(run, ['-v', '-m'], paths);
      await this.#run(run, ['-v', '-f'], paths);
    }, signal);
  }

  /**
   * What a peer sends for these is taken, whatever was changed here.
   *
   * @param onRecorded nobody else works on the database, and nothing is given up yet
   */
  async giveUp(
    names: readonly string[],
    signal: AbortSignal,
    onRecorded: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const onStart = (): void => this.#mustBeThere();
    const files = this.#pathsOf(names).map((path) => this.fileOf(path));
    await this.parts.local.giveUp(names, files, { onStart, onRecorded }, signal);
  }

  #pathsOf(names: readonly string[]): string[] {
    return names.map((name) => this.pathOf(name)).filter((path) => path !== null);
  }

  /** As a look sees it. */
  get tree(): Tree {
    const { sys, rootName, selection, rules, local } = this.parts;
    return {
      sys,
      rootPath: this.root,
      root: this.#root.identity,
      rootName,
      selection,
      rules,
      table: local.table,
      young: this.#young,
    };
  }

  async #tell({ recursive, exact }: Checks, run: RunInTurn): Promise<void> {
    await this.#run(run, ['-v', '-cr'], recursive);
    await this.#run(run, ['-v', '-c'], exact);
  }

  async #run(run: RunInTurn, args: readonly string[], paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    this.#mustBeThere();
    const files = paths.map((path) => this.fileOf(path));
    this.parts.onMarked(markedBy(await run({ args, paths: files })));
  }

  #auditEdits(differences: readonly Difference[]): void {
    const result = this.parts.receiveOnly ? 'local edit, not sent' : 'sent';
    for (const { path, was, is } of differences)
      this.#audit(was === null ? 'created' : is === null ? 'deleted' : 'changed', path, result);
  }

  #audit(what: string, path: string, result: string): void {
    const { services, group, node, mapping } = this.parts;
    services.audit({ time: Date.now(), group, mapping: mapping.name, path, what, node, result });
  }

  #mustBeThere(): void {
    const { name } = this.parts.mapping;
    if (!this.#isAttached) throw new CsyncdError('detached', `${name} is detached`);
    this.#root.mustBeThere();
  }
}

function without(differences: readonly Difference[], others: ReadonlySet<Difference>): Difference[] {
  return differences.filter((one) => !others.has(one));
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
