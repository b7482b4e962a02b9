/** What an operator can ask of the mappings of this node. Paths are byte strings; errors are CsyncdErrors. */
import { lstat, realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Backend } from '../../backends/backend.ts';
import { bytesToText, shownPath, textToBytes } from '../../util/bytes.ts';
import { inWords } from '../../util/errno-words.ts';
import { CsyncdError } from '../../util/errors.ts';
import { compileSelection } from '../../util/selection.ts';
import type {
  BackupEntry,
  Conflict,
  DecideAnswer,
  ExplainAnswer,
  RevertAnswer,
  StatusReport,
  SyncAnswer,
  VerifyAnswer,
} from '../answers.ts';
import type { GroupRunner } from '../group.ts';
import type { Orchestrator } from '../orchestrator.ts';
import type { MappingRunner } from '../runner.ts';
import { allMappings, findMapping, locate, shownMapping, type MappingRef, type PathRef } from './locate.ts';
import { statusReport, type NodeFacts } from './status.ts';
import { sync, type SyncTarget } from './sync.ts';
import { verify } from './verify.ts';

export class MappingOperations {
  readonly #orchestrator: Orchestrator;
  readonly #facts: Omit<NodeFacts, 'node'>;

  constructor(orchestrator: Orchestrator, facts: Omit<NodeFacts, 'node'>) {
    this.#orchestrator = orchestrator;
    this.#facts = facts;
  }

  status(): StatusReport {
    const { config, groups } = this.#orchestrator;
    return statusReport({ node: config.node, ...this.#facts }, groups.values());
  }

  /** @param paths what PATH means in the contract; empty = everything */
  async sync(paths: readonly string[], wait: boolean, signal: AbortSignal): Promise<SyncAnswer> {
    const { config, groups } = this.#orchestrator;
    const wanted = new Map<MappingRunner, { ref: MappingRef; paths: string[] | null }>();
    const idle = new Map<string, SyncAnswer['failed'][number]>();
    const add = (ref: MappingRef, path: string): void => {
      const [group, mapping] = [ref.group.name, ref.mapping.name];
      const failure = groups.get(group)?.failure?.reason;
      if (failure !== undefined) {
        const reason = `${failure.message}; ${failure.hint}`;
        return void idle.set(`${group}/${mapping}`, { group, mapping, reason });
      }
      const runner = this.#runner(ref);
      const before = wanted.get(runner);
      const whole = path === '' || before?.paths === null;
      wanted.set(runner, { ref, paths: whole ? null : [...(before?.paths ?? []), path] });
    };
    if (paths.length === 0) for (const ref of allMappings(config)) add(ref, '');
    for (const path of paths) {
      const ref = await this.#locate(path);
      add(ref, ref.path);
    }
    const targets = [...wanted].map(([runner, { ref, paths }]): SyncTarget => {
      const backend = this.#backend(ref);
      return {
        group: ref.group.name,
        runner,
        paths,
        settled: (mapping, paths, signal) => backend.settled(mapping, paths, signal),
      };
    });
    const answer = await sync(targets, { node: config.node, wait }, signal);
    const failed = [...idle.values(), ...answer.failed];
    return { ...answer, failed, complete: answer.complete && idle.size === 0 };
  }

  /** @param names what MAPPING means in the contract; empty = all */
  async verify(names: readonly string[], deep: boolean, signal: AbortSignal): Promise<VerifyAnswer> {
    const { config } = this.#orchestrator;
    const refs = names.length === 0 ? allMappings(config) : names.map((name) => findMapping(config, name));
    const targets = refs.map((ref) => ({
      name: shownMapping(config, ref),
      verify: (signal: AbortSignal) => {
        const unable = this.#runner(ref).unable();
        if (unable !== null) throw new CsyncdError(unable.code, unable.message, { hint: unable.hint });
        return this.#backend(ref).verify(ref.mapping.name, { deep }, signal);
      },
    }));
    return verify(targets, signal);
  }

  async conflicts(): Promise<readonly Conflict[]> {
    const all = await Promise.all(this.#backends().map((backend) => backend.conflicts()));
    return all.flat();
  }

  async resolve(path: string, keep: string): Promise<void> {
    const ref = await this.#locate(path);
    await this.#backend(ref).resolve(ref.mapping.name, ref.path, keep);
  }

  async backups(path: string | null): Promise<readonly BackupEntry[]> {
    if (path !== null) {
      const ref = await this.#locate(path);
      return this.#backend(ref).backups(ref.mapping.name, ref.path);
    }
    const all = await Promise.all(this.#backends().map((backend) => backend.backups(null, null)));
    return all.flat();
  }

  async restore(path: string, version: string): Promise<void> {
    const ref = await this.#locate(path);
    await this.#backend(ref).restore(ref.mapping.name, ref.path, version);
  }

  /**
   * A mapping, or all; with a peer only towards that one, in every group that has it.
   *
   * @param target names as the operator gave them
   */
  pause(target: { readonly peer: string | null; readonly mapping: string | null }, paused: boolean): void {
    const { config } = this.#orchestrator;
    if (target.peer !== null) return this.#pausePeer(target.peer, target.mapping, paused);
    const refs = target.mapping === null ? allMappings(config) : [findMapping(config, target.mapping)];
    asManyAsPossible(refs, (ref) => {
      const runner = this.#runner(ref);
      if (paused) runner.pause();
      else runner.resume();
    });
  }

  /**
   * Releases or undoes what is held, then looks at the whole mapping again. To approve a mapping that lost its root is to
   * take the directory that is there; what it lacks is then gone, and held like any other deletion.
   */
  async decide(name: string, decision: 'approve' | 'reject', signal: AbortSignal): Promise<DecideAnswer> {
    const ref = findMapping(this.#orchestrator.config, name);
    const runner = this.#runner(ref);
    const { life } = runner.status();
    if (runner.hasLostRoot()) {
      if (decision === 'reject')
        throw new CsyncdError('not-held', `mapping ${name} holds nothing, it has lost its directory`, {
          hint: `restore the directory; or csyncd approve ${name} takes the one that is there`,
        });
      await this.#backend(ref).takeRoot(ref.mapping.name);
      await runner.found(signal);
      const looked = life.kind === 'paused' ? null : await runner.look(null, signal);
      if (looked?.kind === 'unable')
        throw new CsyncdError(looked.reason.code, looked.reason.message, { hint: looked.reason.hint });
      return { root: true, held: looked?.held?.message ?? null };
    }
    if (life.kind !== 'held' && !(life.kind === 'scanning' && life.held !== null)) {
      throw new CsyncdError('not-held', `mapping ${name} holds nothing`, {
        hint: 'csyncd status shows what is held',
      });
    }
    await this.#backend(ref).decide(ref.mapping.name, decision);
    const looked = await runner.look(null, signal);
    return { root: false, held: looked.kind === 'looked' ? (looked.held?.message ?? null) : null };
  }

  async revert(name: string, signal: AbortSignal): Promise<RevertAnswer> {
    const ref = findMapping(this.#orchestrator.config, name);
    return this.#backend(ref).revert(ref.mapping.name, signal);
  }

  async explain(path: string): Promise<ExplainAnswer> {
    const ref = await this.#locate(path);
    const { group, mapping } = ref;
    const file = posix.join(textToBytes(mapping.path), ref.path);
    const isDir = await lstat(Buffer.from(file, 'latin1')).then(
      (stat) => stat.isDirectory(),
      () => false,
    );
    const selection = compileSelection(mapping);
    const explanation = await this.#backend(ref).explain(mapping.name, ref.path);
    return {
      group: group.name,
      mapping: mapping.name,
      ...shownPath(ref.path),
      file: bytesToText(file),
      ...selection.explain(ref.path, isDir),
      ...explanation,
      problem: explanation.problem === null ? null : inWords(explanation.problem),
    };
  }

  // A path that leads through a symlink to a mapping is resolved as far as its directory: the name itself is what is meant.
  async #locate(path: string): Promise<PathRef> {
    const { config } = this.#orchestrator;
    try {
      return locate(config, path);
    } catch (error) {
      if (!(error instanceof CsyncdError) || error.code !== 'outside-mappings') throw error;
      const directory = await realpath(Buffer.from(posix.dirname(path), 'latin1'), 'latin1').catch(
        () => null,
      );
      if (directory === null) throw error;
      return locate(config, posix.join(directory, posix.basename(path)));
    }
  }

  #pausePeer(peer: string, mapping: string | null, paused: boolean): void {
    const { config } = this.#orchestrator;
    const named = mapping === null ? allMappings(config) : [findMapping(config, mapping)];
    const having = named.filter(
      ({ group }) => peer !== config.node && group.hosts.some((host) => host.name === peer),
    );
    if (having.length === 0) {
      const peers = new Set(named.flatMap(({ group }) => group.hosts.map((host) => host.name)));
      peers.delete(config.node);
      throw new CsyncdError('no-such-peer', `there is no peer "${peer}"`, {
        hint: `the peers are: ${[...peers].join(', ')}`,
      });
    }
    asManyAsPossible(having, (ref) => this.#backend(ref).pausePeer(peer, ref.mapping.name, paused));
  }

  #running({ group }: MappingRef): { readonly backend: Backend; readonly runners: GroupRunner['runners'] } {
    const running = this.#orchestrator.groups.get(group.name);
    if (running !== undefined && running.backend !== null)
      return { backend: running.backend, runners: running.runners };
    const failure = running?.failure ?? null;
    if (failure === null) throw beingStarted(`group ${group.name}`);
    const { message, hint } = failure.reason;
    throw new CsyncdError('group-failed', `group ${group.name} does not run: ${message}`, { hint });
  }

  #backend(ref: MappingRef): Backend {
    return this.#running(ref).backend;
  }

  #runner(ref: MappingRef): MappingRunner {
    const runner = this.#running(ref).runners.get(ref.mapping.name);
    if (runner === undefined) throw beingStarted(`mapping ${ref.mapping.name}`);
    return runner;
  }

  #backends(): Backend[] {
    return [...this.#orchestrator.groups.values()].flatMap(({ backend }) => backend ?? []);
  }
}

/** One that cannot (its group does not run, say) keeps no other from it; the first such is thrown at the end. */
function asManyAsPossible(refs: readonly MappingRef[], act: (ref: MappingRef) => void): void {
  const failures: unknown[] = [];
  for (const ref of refs) {
    try {
      act(ref);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function beingStarted(what: string): CsyncdError {
  return new CsyncdError('starting', `${what} is being started`, { hint: 'try again in a moment' });
}
