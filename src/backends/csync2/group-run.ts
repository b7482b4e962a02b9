/**
 * One group's csync2 at work: its config, the listener, a lane to each peer, its mappings. A changed config makes a new
 * one.
 */
import { blockName, ownHostName, rootName } from '../../config/csync2/names.ts';
import { readGroupKey } from '../../config/key.ts';
import type { Config, Group, Mapping } from '../../config/model.ts';
import { openSys } from '../../sys/open.ts';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { NodeServices } from '../node-services.ts';
import type { BackupPlace } from './backups.ts';
import { blocksOf } from './blocks.ts';
import { Decided } from './decided.ts';
import { makeIdentity } from './identity.ts';
import { Local } from './local.ts';
import { LocalEdits } from './local-edits.ts';
import { Csync2Mapping } from './mapping.ts';
import { Meetings } from './meetings.ts';
import { hostOf, othersOf, type Other } from './members.ts';
import { followHosts } from './moved-hosts.ts';
import { OwedToPeers } from './owed.ts';
import { forgetCertificate } from './pinned.ts';
import { placesOf } from './places.ts';
import { hear } from './receiving.ts';
import { rulesOf, type MappingRules } from './rules.ts';
import { Rounds } from './rounds.ts';
import { Sending } from './sending.ts';
import { Serving } from './serving.ts';
import { Troubles } from './troubles.ts';

export interface GroupRunParts {
  readonly config: Config;
  readonly group: Group;
  readonly log: Logger;
  readonly services: NodeServices;
}

/** How often csync2's table is asked what it owes: a peer may have asked for something by itself, ms. */
const TICK_MS = 2_000;
/** Most sessions of peers end within this time, ms. */
const GRACE_MS = 5_000;

export class GroupRun {
  readonly group: Group;
  readonly node: string;
  readonly local: Local;
  readonly mappings: readonly Csync2Mapping[];
  readonly others: readonly Other[];
  readonly troubles = new Troubles();
  readonly decided: Decided;
  readonly owed: OwedToPeers;
  readonly meetings: Meetings;
  readonly sending: Sending;
  readonly localEdits: LocalEdits;
  readonly startedAt = Date.now();
  readonly #parts: GroupRunParts;
  readonly #isForeign: boolean;
  readonly #serving: Serving;
  readonly #rules: (mapping: Mapping) => MappingRules;
  readonly #stopping = new AbortController();
  readonly #rounds = new Rounds(() => this.#refresh());
  /** the table's version of which the totals are */
  #counted: number | null = null;
  #served: Promise<void> = Promise.resolve();

  /** Throws a CsyncdError when the group's key or its foreign config cannot be read. */
  constructor(parts: GroupRunParts) {
    const { config, group, log, services } = parts;
    const { csync2 } = group;
    if (csync2 === null) throw new Error(`group ${group.name} has another backend`);
    this.#parts = parts;
    this.group = group;
    this.node = config.node;
    this.#isForeign = csync2.configFile !== null;
    const self = hostOf(group, config.node);
    const host = ownHostName(group, self);
    const rules = rulesOf(csync2, host);
    const places = placesOf(csync2, host, `${config.stateDir}/csync2/${group.name}`);
    this.local = new Local({
      places,
      program: { ...csync2, host, systemDir: places.systemDir, log },
      key: readGroupKey(group.keyFile),
      noSsl: csync2.noSsl,
    });
    this.others = othersOf(group, self);
    const sys = openSys();
    this.#rules = rules;
    this.mappings = group.mappings.map((mapping) => {
      const { selection, check } = rules(mapping);
      return new Csync2Mapping({
        group: group.name,
        node: config.node,
        local: this.local,
        services,
        sys,
        mapping,
        rootName: rootName(mapping, csync2.roots),
        block: blockName(group, mapping),
        selection,
        rules: check,
        isForeign: this.#isForeign,
        receiveOnly: group.role === 'receive',
        onFirstRecord: () => this.meetings.expect(this.mapping(mapping.name), this.others),
        onMarked: (names) => this.#marked(names),
      });
    });
    this.decided = new Decided(group.name, services);
    this.owed = new OwedToPeers(this.local, () => this.mappings);
    this.localEdits = new LocalEdits(this.local, group.role === 'receive' ? (this.senders[0] ?? null) : null);
    this.meetings = new Meetings({
      group: group.name,
      auto: group.auto,
      receiveOnly: group.role === 'receive',
      services,
    });
    this.#serving = new Serving({
      group,
      node: config.node,
      log,
      program: this.local.program,
      places,
      onEvent: (event) => hear(this, log, event),
    });
    this.sending = new Sending({
      group,
      local: this.local,
      log,
      others: this.others,
      owed: this.owed,
      meetings: this.meetings,
      troubles: this.troubles,
      decided: this.decided,
      exchanged: (node) => this.exchanged(node),
      blocks: (mappings) => blocksOf(mappings, this.mappings, this.#isForeign),
      mappings: () => this.mappings,
      onConflict: (mapping, path, node) => this.audit(mapping, path, 'conflict', `also changed on ${node}`),
      signal: this.#stopping.signal,
    });
  }

  /** Rejects with a CsyncdError when the binary cannot be run at all. Changes nothing. */
  async prove(): Promise<void> {
    await this.local.program.checkVersion();
  }

  async start(): Promise<void> {
    await this.prove();
    this.#stopping.signal.throwIfAborted();
    this.#serving.prepare();
    const { noSsl, places } = this.local.settings;
    await followHosts(this, places, this.#parts.services.notes);
    if (!noSsl && !this.#isForeign) await makeIdentity(places.systemDir);
    await this.#serve();
    this.sending.hurry();
    this.#rounds.start(TICK_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new CsyncdError('stopping', `group ${this.group.name} is stopped`));
    await this.sending.stop();
    await this.#rounds.stop();
    await this.#served;
    await this.#serving.stop(GRACE_MS);
    await this.local.end();
  }

  mapping(name: string): Csync2Mapping {
    const found = this.mappings.find(({ parts }) => parts.mapping.name === name);
    if (found === undefined)
      throw new CsyncdError('unknown-mapping', `group ${this.group.name} has no mapping ${name}`);
    return found;
  }

  peer(node: string): Other {
    const found = this.others.find((other) => other.node === node);
    if (found === undefined)
      throw new CsyncdError('unknown-peer', `${node} is no other host of group ${this.group.name}`);
    return found;
  }

  /** Nodes that can be asked for what they have. */
  get senders(): readonly Other[] {
    return this.others.filter(({ receiveOnly }) => !receiveOnly);
  }

  /** Why nobody can bring anything to this node; null when they can. */
  get listenerProblem(): CsyncdError | null {
    return this.#serving.problem();
  }

  async attach(name: string): Promise<void> {
    // Asked before each look at everything: an update that is under way must not end for that.
    const mapping = this.mapping(name);
    if (!(await mapping.attach(this.#stopping.signal))) return;
    try {
      await this.#serve();
    } catch (error) {
      mapping.detach();
      throw error;
    }
    this.sending.regroup();
  }

  detach(name: string): void {
    this.mapping(name).detach();
    this.exchangeChanged();
  }

  /** A mapping came, went, was paused or resumed. */
  exchangeChanged(): void {
    this.#serve().catch(() => null);
    this.sending.regroup();
  }

  isPaused(mapping: string, node: string | null): boolean {
    return this.#parts.services.isPaused(this.group.name, mapping, node);
  }

  /** Mappings that are exchanged with a peer now. */
  exchanged(node: string): Csync2Mapping[] {
    return this.mappings.filter(({ isAttached, parts: { mapping } }) => {
      return isAttached && !this.isPaused(mapping.name, null) && !this.isPaused(mapping.name, node);
    });
  }

  audit({ parts }: Csync2Mapping, path: string, what: string, result: string, node = this.node): void {
    const { group, mapping, services } = parts;
    services.audit({ time: Date.now(), group, mapping: mapping.name, path, what, node, result });
  }

  /** null when csync2 keeps none of this mapping. */
  backupPlace(mapping: Csync2Mapping): BackupPlace | null {
    const { backupDirectory } = this.#rules(mapping.parts.mapping);
    if (backupDirectory === null) return null;
    const generations = Math.max(2, this.group.backup.generations);
    return {
      mapping: mapping.parts.mapping.name,
      root: mapping.root,
      directory: backupDirectory,
      generations,
    };
  }

  /** @returns whether a certificate of that node was pinned */
  async forget(node: string): Promise<boolean> {
    const other = this.others.find((one) => one.node === node);
    if (other === undefined) return false;
    const isForgotten = await forgetCertificate(this.local.settings.places.databaseFile, other.host);
    this.sending.hurry();
    return isForgotten;
  }

  #marked(names: readonly string[]): void {
    this.sending.marked(names);
    this.#rounds.ask();
  }

  async #refresh(): Promise<void> {
    try {
      await this.sending.uphold();
      const before = new Map(this.others.map(({ host }) => [host, this.owed.to(host).names] as const));
      await this.local.alone(async () => {
        await this.owed.refresh();
        await this.localEdits.refresh(this.mappings);
        await this.#count();
      }, this.#stopping.signal);
      for (const { node, host } of this.others) {
        const { names } = this.owed.to(host);
        if (names > 0 && names !== before.get(host)) this.sending.lane(node).kick();
      }
      await this.sending.tieUp();
    } catch (error) {
      // Whoever looks next finds the same, and the mapping fails with it.
      this.#parts.log.debug(`csync2's database was not read: ${messageOf(error)}`);
    }
  }

  async #count(): Promise<void> {
    const version = await this.local.table.version();
    if (version === this.#counted) return;
    for (const mapping of this.mappings) await mapping.count();
    this.#counted = version;
  }

  /** csync2.cfg as it must be now; one after the other. */
  #serve(): Promise<void> {
    const next = this.#served.then(async () => {
      if (this.#stopping.signal.aborted) return;
      const away = this.mappings.filter(({ isAttached, parts }) => {
        return !isAttached || this.isPaused(parts.mapping.name, null);
      });
      await this.#serving.serve(new Set(away.map(({ parts }) => parts.mapping.name)));
    });
    this.#served = next.catch((error: unknown) => {
      this.#parts.log.error(messageOf(error));
    });
    return next;
  }
}
