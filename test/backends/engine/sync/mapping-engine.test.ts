/** A mapping's life between attachments: answers of an earlier one must not count for a later one. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ApplyReport, Change } from '../../../../src/backends/engine/apply/change.ts';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import { WORKER_CRASHED } from '../../../../src/backends/engine/disk/errors.ts';
import type { DiskMapping } from '../../../../src/backends/engine/disk/pool.ts';
import type { Observation, ScanReport } from '../../../../src/backends/engine/scan/observation.ts';
import { MemoryStore } from '../../../../src/backends/engine/store/memory.ts';
import { Dots } from '../../../../src/backends/engine/sync/dots.ts';
import { MappingEngine } from '../../../../src/backends/engine/sync/mapping-engine.ts';
import type { Fetched } from '../../../../src/backends/engine/sync/effects.ts';
import { file, identity } from '../core/arbitrary.ts';
import { CsyncdError } from '../../../../src/util/errors.ts';
import { HOSTS, Node, path } from './kit.ts';

const SCANNED: ScanReport = {
  entries: 0,
  directories: 0,
  hashedBytes: 0,
  hashedFiles: 0,
  walkMs: 0,
  hashMs: 0,
};

/** A disk whose answers the test gives. */
class Disk {
  readonly scans: PromiseWithResolvers<ScanReport>[] = [];
  readonly applies: {
    readonly changes: readonly Change[];
    readonly done: PromiseWithResolvers<ApplyReport>;
  }[] = [];
  /** what the next scan finds; with nothing to find the test ends it */
  found: Observation[] = [];
  closed = 0;
  recovering: Promise<{ removed: number; keptBackups: []; droppedBackups: []; paths: [] }> = Promise.resolve({
    removed: 0,
    keptBackups: [],
    droppedBackups: [],
    paths: [],
  });

  recover(): typeof this.recovering {
    return this.recovering;
  }

  scan(
    _looks: unknown,
    _options: unknown,
    found: (observations: readonly Observation[]) => void,
  ): Promise<ScanReport> {
    if (this.found.length > 0) return Promise.resolve().then(() => (found(this.found), SCANNED));
    const done = Promise.withResolvers<ScanReport>();
    this.scans.push(done);
    return done.promise;
  }

  apply(changes: readonly Change[]): Promise<ApplyReport> {
    const done = Promise.withResolvers<ApplyReport>();
    this.applies.push({ changes, done });
    return done.promise;
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

/** Full while `isFull`: nothing can be written. */
class FullStore extends MemoryStore {
  isFull = false;

  override transaction<T>(body: () => T extends Promise<unknown> ? never : T): T {
    return super.transaction<T>(() => {
      const result = body();
      if (this.isFull) throw new CsyncdError('state-full', 'cannot grow: the disk is full');
      return result;
    });
  }
}

class Bench {
  readonly store = new FullStore();
  readonly failed: unknown[] = [];
  readonly disks: Disk[] = [];
  readonly fetches: PromiseWithResolvers<Fetched>[] = [];
  readonly engine: MappingEngine;
  next = new Disk();

  constructor() {
    const { store } = this;
    this.engine = new MappingEngine({
      store,
      dots: new Dots('n1' as NodeId, store, Date.now),
      settings: {
        group: 'g',
        mapping: 'm',
        node: 'n1' as NodeId,
        receiveOnly: false,
        hosts: HOSTS,
        policy: 'younger',
        configHash: 'same',
        maxDeletePercent: 50,
      },
      transfer: {
        fetch: (_about, _request, signal) => {
          const done = Promise.withResolvers<Fetched>();
          this.fetches.push(done);
          signal.addEventListener('abort', () =>
            done.resolve({ kind: 'unavailable', reason: 'no longer wanted' }),
          );
          return done.promise;
        },
      },
      openDisk: () => {
        this.disks.push(this.next);
        return Promise.resolve(this.next as unknown as DiskMapping);
      },
      selection: () => ({ exclude: [], include: [] }),
      send: () => undefined,
      canSend: () => true,
      wake: () => undefined,
      audit: () => undefined,
      rolledBack: () => undefined,
      failed: (error) => this.failed.push(error),
      now: Date.now,
    });
  }

  async live(): Promise<Disk> {
    this.next = new Disk();
    await this.engine.attach();
    const scanned = this.engine.scanAll();
    this.next.scans[0]?.resolve(SCANNED);
    await scanned;
    return this.next;
  }

  /** A peer tells of a file; its content rides along, or is to be fetched. */
  told(name: string, content: Uint8Array | null): void {
    const peer = new Node('n2').live();
    const value = { ...file('b'), size: content?.length ?? 5 };
    peer.find({ [name]: value });
    const { row } = peer.replica.shared.table.get(path(name));
    const { engine } = this;
    const about = { group: 'g', mapping: 'm' };
    engine.tell((replica) => replica.linked(peer.name));
    const tableId = peer.store.tableId;
    const none = new Map<string, number>();
    engine.receive(peer.name, {
      kind: 'open',
      ...about,
      configHash: 'same',
      tableId,
      haveTable: '',
      haveSeq: 0,
      knowledge: none,
      linked: [],
    });
    const update = { path: path(name), seq: 1, row, movedFrom: null, content: null };
    engine.receive(peer.name, { kind: 'rows', ...about, prev: 0, last: 1, rows: [update] });
    engine.step();
  }
}

const LOST = ['root-lost', 'gone'] as const;

suite('a mapping that is detached', () => {
  test('while its first scan runs does not go live by what that scan answers later', async () => {
    const bench = new Bench();
    const first = bench.next;
    await bench.engine.attach();
    const scanned = bench.engine.scanAll();
    bench.engine.detach(...LOST);
    bench.next = new Disk();
    await bench.engine.attach();
    first.scans[0]?.resolve(SCANNED);
    await assert.rejects(scanned);
    assert.equal(bench.engine.replica.state, 'attached');
  });

  test('gives up the looks that wait', async () => {
    const bench = new Bench();
    await bench.live();
    const running = bench.engine.lookAt([{ path: path('f'), scope: 'entry' }]);
    const waiting = bench.engine.scanAll();
    bench.engine.detach(...LOST);
    await assert.rejects(waiting);
    bench.disks[0]?.scans[1]?.reject(new Error('closed'));
    await assert.rejects(running);
  });

  test('while a path is looked at brings that path up to date when it is back', async () => {
    const bench = new Bench();
    const disk = await bench.live();
    bench.told('f', new Uint8Array(0));
    const [batch] = disk.applies;
    assert.deepEqual(
      batch?.changes.map((change) => change.path),
      ['f'],
    );
    batch?.done.resolve({
      results: [{ path: path('f'), outcome: { kind: 'stale' }, parents: [] }],
      stageMs: 0,
      flushMs: 0,
      placeMs: 0,
    });
    await turn();
    bench.engine.detach(...LOST);
    disk.scans.at(-1)?.resolve(SCANNED);
    await turn();
    const again = await bench.live();
    bench.engine.replica.step();
    assert.deepEqual(
      again.applies[0]?.changes.map((change) => change.path),
      ['f'],
    );
  });

  test('blocks nothing that it was fetching', async () => {
    const bench = new Bench();
    await bench.live();
    bench.told('f', null);
    assert.equal(bench.fetches.length, 1);
    bench.engine.detach('paused', 'for a while');
    await turn();
    assert.equal(bench.engine.replica.shared.rows.totals().blocked, 0);
    await bench.live();
    bench.engine.replica.step();
    assert.equal(bench.fetches.length, 2);
  });

  test('is attached again only when what was being applied is recorded', async () => {
    const bench = new Bench();
    const disk = await bench.live();
    bench.told('f', new Uint8Array(0));
    bench.engine.detach(...LOST);
    const attached = bench.engine.attach();
    await turn();
    assert.equal(bench.disks.length, 1);
    disk.applies[0]?.done.reject(new Error('closed'));
    await attached;
    assert.equal(bench.disks.length, 2);
  });
});

const DONE: ApplyReport = {
  results: [
    {
      path: path('f'),
      outcome: { kind: 'done', identity: identity('i1'), backedUp: false },
      parents: [],
    },
  ],
  stageMs: 0,
  flushMs: 0,
  placeMs: 0,
};

suite('a store that is full', () => {
  /** The mapping gave up and said why; when there is room it is as if it had been killed there. */
  async function goesOn(bench: Bench): Promise<Disk> {
    assert.deepEqual(
      bench.failed.map((error) => (error as CsyncdError).code),
      ['state-full'],
    );
    assert.equal(bench.engine.disk, null);
    assert.equal(bench.engine.replica.state, 'detached');
    await assert.rejects(bench.live(), /disk is full/);
    bench.store.isFull = false;
    const disk = await bench.live();
    bench.engine.step();
    return disk;
  }

  test('when the answer of an apply is recorded', async () => {
    const bench = new Bench();
    const disk = await bench.live();
    bench.told('f', new Uint8Array(0));
    bench.store.isFull = true;
    disk.applies[0]?.done.resolve(DONE);
    await turn();
    const again = await goesOn(bench);
    // As after a kill: what was begun is looked into, and begun anew as far as the disk does not show it.
    assert.deepEqual(
      again.applies[0]?.changes.map((change) => change.path),
      ['f'],
    );
    again.applies[0]?.done.resolve(DONE);
    await turn();
    assert.equal(bench.engine.replica.shared.rows.totals().pending, 0);
    assert.equal(bench.engine.replica.shared.rows.intents().length, 0);
  });

  test('when a change is to be begun', async () => {
    const bench = new Bench();
    const disk = await bench.live();
    bench.told('f', null);
    bench.store.isFull = true;
    bench.fetches[0]?.resolve({ kind: 'inline', bytes: new Uint8Array(5) });
    await turn();
    bench.engine.step();
    assert.equal(disk.applies.length, 0);
    await goesOn(bench);
    assert.equal(bench.fetches.length, 2);
  });

  test('when a fetch could not be kept', async () => {
    const bench = new Bench();
    await bench.live();
    bench.told('f', null);
    bench.store.isFull = true;
    bench.fetches[0]?.resolve({ kind: 'unavailable', reason: 'nobody has it' });
    await turn();
    await goesOn(bench);
    assert.equal(bench.fetches.length, 2);
  });

  test('when a peer tells of a change: the link stays, and the peer tells it again', async () => {
    const bench = new Bench();
    await bench.live();
    bench.store.isFull = true;
    bench.told('f', new Uint8Array(0));
    assert.equal(bench.engine.replica.shared.rows.totals().pending, 0);
    await goesOn(bench);
    bench.told('f', new Uint8Array(0));
    assert.equal(bench.engine.replica.shared.rows.totals().pending, 1);
  });

  test('when a look finds an edit', async () => {
    const bench = new Bench();
    const disk = await bench.live();
    bench.store.isFull = true;
    disk.found = [
      {
        path: path('f'),
        base: null,
        kind: 'present',
        value: file('a'),
        identity: identity('i1'),
        content: null,
        movedFrom: null,
      },
    ];
    const looked = bench.engine.lookAt([{ path: path('f'), scope: 'entry' }]);
    await assert.rejects(looked, /disk is full/);
    await goesOn(bench);
  });

  test('when an operator decides: he is told, and nothing of it stays', async () => {
    const bench = new Bench();
    await bench.live();
    bench.store.isFull = true;
    const decide = () => bench.engine.ask(({ shared }) => shared.transact(() => undefined));
    assert.throws(decide, /disk is full/);
    await goesOn(bench);
  });
});

test('a fault of the program in one call takes its mapping down, and no more', async () => {
  const bench = new Bench();
  await bench.live();
  bench.engine.tell(() => {
    throw new TypeError('a bug');
  });
  assert.match(String(bench.failed[0]), /a bug/);
  await bench.live();
  assert.equal(bench.engine.replica.state, 'live');
});

test('what a worker was applying when it crashed is found out as after a kill', async () => {
  const bench = new Bench();
  const disk = await bench.live();
  bench.told('f', new Uint8Array(0));
  disk.applies[0]?.done.reject(new CsyncdError(WORKER_CRASHED, 'the apply worker ended'));
  await turn();
  assert.match(String(bench.failed[0]), /worker ended/);
  assert.equal(bench.engine.replica.shared.rows.intents().length, 1);
  const again = await bench.live();
  assert.deepEqual(bench.engine.replica.shared.rows.intents(), []);
  bench.engine.replica.step();
  assert.equal(again.applies.length, 1);
});

test('a root that cannot be recovered is closed again', async () => {
  const bench = new Bench();
  bench.next.recovering = Promise.reject(new Error('EIO'));
  await assert.rejects(bench.engine.attach());
  assert.equal(bench.next.closed, 1);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
