/**
 * One run of the daemon on a simulated node: the product's replica, scan and apply, with a shell around them that moves
 * messages by the simulated network and time by the scheduler, and that can end between any two system calls.
 */
import { prepareRoot } from '../../../src/backends/engine/apply/prepare.ts';
import { recover, type RecoverReport } from '../../../src/backends/engine/apply/recover.ts';
import type { Change } from '../../../src/backends/engine/apply/change.ts';
import type { NodeId, RelPath, Sha256 } from '../../../src/backends/engine/core/types.ts';
import type { Look } from '../../../src/backends/engine/scan/observation.ts';
import type { Intent, MappingStore } from '../../../src/backends/engine/store/store.ts';
import { Dots } from '../../../src/backends/engine/sync/dots.ts';
import type { Effects, FetchRequest } from '../../../src/backends/engine/sync/effects.ts';
import { Replica } from '../../../src/backends/engine/sync/replica.ts';
import type { ReplacedVersion } from '../../../src/backends/engine/sync/second-looks.ts';
import { RULES } from '../../../src/backends/engine/sync/shared.ts';
import type { Message } from '../../../src/backends/engine/wire/messages.ts';
import { Batches } from './batches.ts';
import { Contents } from './contents.ts';
import type { Decision } from './hooks.ts';
import { Looks } from './looks.ts';
import { GROUP, MAPPING, Run, type Machine } from './machine.ts';
import type { NetNode } from './net.ts';
import type { Timer } from './scheduler.ts';
import { count, isReceiver, type Packet, type World } from './world.ts';

const RESCAN = 3_600_000;

/** As the product's guard, but for trees of a few files. */
const mostDeletions: typeof RULES.mostDeletions = (files, percent) => (files * percent) / 100;

export class Process implements Effects, NetNode<Packet> {
  readonly replica: Replica;
  private readonly run: Run;
  private readonly machine: Machine;
  private readonly world: World;
  private readonly rows: MappingStore;
  private readonly dots: Dots;
  private readonly looks: Looks;
  private readonly batches: Batches;
  private readonly contents: Contents;
  private readonly recovery: { readonly intents: readonly Intent[]; readonly report: RecoverReport };
  private isRollingBack = false;
  private woken = false;
  private isPaused = false;
  private isFirstScanDone = false;
  private timer: Timer | null = null;

  /** Throws when the directory cannot be used, or when the run ends already. */
  constructor(machine: Machine, world: World) {
    const { name, store } = machine;
    this.machine = machine;
    this.world = world;
    this.run = new Run(machine, world);
    this.rows = store.mapping(GROUP, MAPPING);
    this.recovery = machine.asEngine(() => this.prepare());
    this.dots = new Dots(name as NodeId, store, () => machine.now());
    this.replica = new Replica({
      store,
      dots: this.dots,
      effects: this,
      rules: {
        ...RULES,
        ...(world.history.guarded === true ? { mostDeletions } : {}),
        ...world.sabotage.rules,
      },
      settings: {
        group: GROUP,
        mapping: MAPPING,
        node: name as NodeId,
        receiveOnly: isReceiver(world.history, machine.index),
        hosts: world.names as readonly NodeId[],
        policy: world.history.policy,
        configHash: 'same',
        maxDeletePercent: 50,
      },
    });
    this.looks = new Looks(this.run, this.replica, this.rows);
    this.batches = new Batches(this.run, this.replica, (path) => this.hint({ path, scope: 'entry' }));
    this.contents = new Contents(this.run, this.replica);
  }

  /** Whether this is that run. */
  is(run: Run): boolean {
    return this.run === run;
  }

  /** From here on it works as the daemon does after its start: everything is looked at before anything is told. */
  start(): void {
    this.replica.recovered(this.recovery.intents, this.recovery.report);
    this.replica.attach();
    this.world.net.join(this.machine.name, this);
    this.fullScan();
    this.rescanLater();
  }

  /** Ends the process, whatever it is doing. */
  end(): void {
    this.timer?.cancel();
    this.run.end();
    this.world.net.leave(this.machine.name);
  }

  fullScan(): void {
    if (this.isPaused) return;
    this.looks.look([{ path: '' as RelPath, scope: 'subtree' }], () => {
      this.isFirstScanDone = true;
      if (!this.isPaused) this.replica.scanned();
    });
  }

  /** Whether anything was held. */
  decide(verdict: Decision): boolean {
    const { looking } = this.replica;
    if (this.isPaused || looking.held === null) return false;
    count(this.world, verdict);
    if (verdict === 'approved') this.looks.guard.approved();
    for (const heard of this.world.sabotage.decide?.(verdict) ?? [verdict]) looking.decide(heard);
    this.fullScan();
    return true;
  }

  hint(look: Look): void {
    if (!this.isPaused) this.looks.hint(look);
  }

  /** Looks and changes that are under way come to their end; what users do meanwhile is found afterwards. */
  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.looks.forgetHints();
    this.replica.detach('paused', 'paused by an operator');
  }

  resume(): void {
    if (!this.isPaused) return;
    count(this.world, 'resumed');
    this.isPaused = false;
    this.replica.attach();
    if (this.isFirstScanDone) this.replica.scanned();
    this.fullScan();
  }

  now(): number {
    return this.machine.now();
  }

  send(peer: NodeId, message: Message): void {
    this.run.trace(`> ${peer} ${message.kind}`);
    count(this.world, `sent ${message.kind}`);
    if (message.kind === 'ack') this.world.checkAck(this.machine.name, peer, message);
    this.world.net.send(this.machine.name, peer, { kind: 'control', message });
  }

  canSend(): boolean {
    if (!this.world.random.chance(0.03)) return true;
    this.run.later(5, () => this.wake());
    return false;
  }

  look(looks: readonly Look[]): void {
    this.run.soon(10, () => this.looks.look(looks));
  }

  apply(changes: readonly Change[]): void {
    this.batches.add(changes);
  }

  /** Contents are kept in memory here. */
  discard(content: { readonly path: RelPath; readonly sha256: Sha256 }): void {
    this.contents.discard(content.path, content.sha256);
  }

  lookAtReplaced(versions: readonly ReplacedVersion[]): void {
    this.batches.lookAtReplaced(versions);
  }

  fetch(request: FetchRequest): void {
    this.contents.fetch(request);
  }

  wake(): void {
    if (this.woken) return;
    this.woken = true;
    this.run.soon(3, () => this.step());
  }

  audit(): void {}

  backupId(): string {
    return `${this.machine.name}${this.world.random.uint32().toString(16)}`;
  }

  /** Peers say it while their message is being taken up, so what follows waits until that is done. */
  rolledBack(): void {
    if (this.isRollingBack) return;
    this.isRollingBack = true;
    this.run.later(0, () => {
      this.isRollingBack = false;
      count(this.world, 'rolled back');
      this.machine.store.transaction(() => this.dots.newEpoch());
      this.replica.restart();
      this.wake();
    });
  }

  connected(peer: string): void {
    this.replica.linked(peer as NodeId);
    this.wake();
  }

  disconnected(peer: string): void {
    this.replica.unlinked(peer as NodeId);
    this.contents.disconnected(peer);
    this.wake();
  }

  received(peer: string, packet: Packet): void {
    switch (packet.kind) {
      case 'control': {
        const { receive } = this.world.sabotage;
        for (const message of receive?.(packet.message) ?? [packet.message]) {
          this.replica.receive(peer as NodeId, message);
        }
        break;
      }
      case 'want':
        return this.contents.give(peer, packet);
      case 'content':
        this.contents.took(packet);
    }
    this.wake();
  }

  private step(): void {
    this.woken = false;
    // Memory is short now and then.
    if (this.world.random.chance(0.05)) this.replica.shared.contents.clear();
    this.replica.step();
    for (const peer of this.replica.openPeers()) while (this.replica.pump(peer));
    this.timer?.cancel();
    const due = this.replica.nextDue();
    if (due === null) return;
    this.timer = this.run.later(Math.min(Math.max(due - this.now(), 1), 60_000), () => this.wake());
  }

  /** What the daemon does before it looks at anything: makes its folder, and cleans up after a crash. */
  private prepare(): Process['recovery'] {
    const { fs } = this.run;
    this.run.rootFd = prepareRoot(fs, '/', { known: this.rows.lastSeq() > 0 }).fd;
    const intents = this.rows.intents();
    if (intents.length > 0) count(this.world, 'recovered intents', intents.length);
    return { intents, report: recover(fs, this.run.rootFd, intents) };
  }

  private rescanLater(): void {
    const again = (): void => {
      this.fullScan();
      this.rescanLater();
    };
    this.run.later(RESCAN + this.world.random.int(RESCAN / 10), again, true);
  }
}
