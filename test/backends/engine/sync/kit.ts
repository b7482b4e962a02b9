/** Replicas without disks: effects are recorded, and answered by the test. */
import type { Change, Outcome } from '../../../../src/backends/engine/apply/change.ts';
import type { NodeId, RelPath, Value } from '../../../../src/backends/engine/core/types.ts';
import type { Look } from '../../../../src/backends/engine/scan/observation.ts';
import { MemoryStore } from '../../../../src/backends/engine/store/memory.ts';
import type { AuditEvent, Store } from '../../../../src/backends/engine/store/store.ts';
import { Dots } from '../../../../src/backends/engine/sync/dots.ts';
import type { Effects, FetchRequest } from '../../../../src/backends/engine/sync/effects.ts';
import { LookJob } from '../../../../src/backends/engine/sync/look-job.ts';
import { Replica } from '../../../../src/backends/engine/sync/replica.ts';
import type { ReplicaSettings } from '../../../../src/backends/engine/sync/settings.ts';
import type { Message } from '../../../../src/backends/engine/wire/messages.ts';
import { identity } from '../core/arbitrary.ts';

export const path = (text: string): RelPath => text as RelPath;
export const HOSTS = ['n1', 'n2', 'n3'] as NodeId[];

export class Node implements Effects {
  readonly name: NodeId;
  readonly store: Store;
  readonly replica: Replica;
  readonly sent: { to: NodeId; message: Message }[] = [];
  readonly asked: { looks: Look[]; changes: Change[]; fetches: FetchRequest[] } = {
    looks: [],
    changes: [],
    fetches: [],
  };
  readonly audited: Omit<AuditEvent, 'group' | 'mapping'>[] = [];
  rolledBackTimes = 0;
  /** what changes of the disk come to instead of being done */
  outcome: Outcome | null = null;
  time: number;
  #ids = 0;

  constructor(name: string, settings: Partial<ReplicaSettings> = {}, store: Store = new MemoryStore()) {
    this.store = store;
    this.name = name as NodeId;
    this.time = 1_000_000;
    this.replica = new Replica({
      store: this.store,
      dots: new Dots(this.name, this.store, () => this.time),
      effects: this,
      settings: {
        group: 'g',
        mapping: 'm',
        node: this.name,
        receiveOnly: false,
        hosts: HOSTS,
        policy: 'younger',
        configHash: 'same',
        maxDeletePercent: 50,
        ...settings,
      },
    });
  }

  live(): this {
    this.replica.attach();
    this.replica.scanned();
    return this;
  }

  /** What a scan finds: values by path; `absent` for what is gone. `meanwhile` comes before its end. */
  find(found: Record<string, Value>, meanwhile: () => void = () => undefined): LookJob {
    const job = this.replica.looking.begin([{ path: path(''), scope: 'subtree' }]);
    this.replica.observed(
      job,
      Object.entries(found).map(([name, value]) => {
        const base = this.replica.shared.rows.get(path(name))?.applied?.identity ?? null;
        return value.kind === 'absent'
          ? { path: path(name), base, kind: 'gone' }
          : {
              path: path(name),
              base,
              kind: 'present',
              value,
              identity: identity(`i${++this.#ids}`),
              content: null,
              movedFrom: null,
            };
      }),
    );
    meanwhile();
    this.replica.looked(job);
    return job;
  }

  /** The disk does what was asked; returns the changes. */
  applyAll(): Change[] {
    this.replica.step();
    const changes = this.asked.changes.splice(0);
    if (changes.length > 0) {
      this.replica.applied({
        results: changes.map((change) => ({
          path: change.path,
          outcome: this.outcome ?? {
            kind: 'done',
            identity: change.to.kind === 'absent' ? null : identity(`i${++this.#ids}`),
            backedUp: change.backupId !== null,
          },
          parents: [],
        })),
        stageMs: 0,
        flushMs: 0,
        placeMs: 0,
      });
    }
    return changes;
  }

  now(): number {
    return this.time;
  }

  send(to: NodeId, message: Message): void {
    this.sent.push({ to, message });
  }

  canSend(): boolean {
    return true;
  }

  look(looks: readonly Look[]): void {
    this.asked.looks.push(...looks);
  }

  apply(changes: readonly Change[]): void {
    this.asked.changes.push(...changes);
  }

  lookAtReplaced(): void {}

  discard(): void {}

  /** Every content is there at once. */
  fetch(request: FetchRequest): void {
    this.asked.fetches.push(request);
    this.replica.fetched(request, { kind: 'staged', name: `dl-${request.sha256.slice(0, 8)}` });
  }

  wake(): void {}

  audit(event: Omit<AuditEvent, 'group' | 'mapping'>): void {
    this.audited.push(event);
  }

  backupId(): string {
    return `b${++this.#ids}`;
  }

  rolledBack(): void {
    this.rolledBackTimes += 1;
  }
}

/** Links nodes and delivers until nobody has anything to say; `cut` pairs (`n1 n2`) do not hear each other. */
export class Wire {
  readonly nodes: readonly Node[];
  readonly cut = new Set<string>();
  delivered: { from: NodeId; to: NodeId; message: Message }[] = [];

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
  }

  link(): void {
    for (const a of this.nodes)
      for (const b of this.nodes) if (a !== b && !this.#isCut(a.name, b.name)) a.replica.linked(b.name);
    this.settle();
  }

  /** Delivers, applies and lets time pass until nothing happens any more. */
  settle(ms = 3000): void {
    for (let passed = 0; passed <= ms; passed += 10) {
      while (this.#round());
      for (const node of this.nodes) node.time += 10;
    }
  }

  #round(): boolean {
    let busy = false;
    for (const node of this.nodes) {
      busy = node.applyAll().length > 0 || busy;
      for (const peer of node.replica.openPeers()) while (node.replica.pump(peer));
      for (const { to, message } of node.sent.splice(0)) {
        if (this.#isCut(node.name, to)) continue;
        busy = true;
        this.delivered.push({ from: node.name, to, message });
        this.nodes.find((other) => other.name === to)?.replica.receive(node.name, message);
      }
    }
    return busy;
  }

  #isCut(a: string, b: string): boolean {
    return this.cut.has(`${a} ${b}`) || this.cut.has(`${b} ${a}`);
  }
}
