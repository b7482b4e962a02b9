import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MappingRunner } from '../../src/orchestrator/runner.ts';
import type { Failure } from '../../src/orchestrator/failures.ts';
import { CsyncdError } from '../../src/util/errors.ts';
import { silentLogger } from '../../src/util/log.ts';
import type { WatcherEvent } from '../../src/watch/watcher.ts';
import {
  FakeBackend,
  FakeClock,
  FakeWatcher,
  immediateBatcher,
  mappingNamed,
  nothingFound,
  rest,
} from '../kit/orchestration.ts';

const covered: WatcherEvent = { kind: 'covered' };
const lost: WatcherEvent = { kind: 'root-lost', reason: '/srv/shared is missing' };
const held = { code: 'mass-deletion', message: 'too much is gone', hint: 'approve or reject' };
const never = new AbortController().signal;

function setUp(...paused: string[]) {
  const backend = new FakeBackend('web');
  for (const mapping of paused) backend.paused.add(mapping);
  const clock = new FakeClock();
  const fatal: Failure[] = [];
  const watchers: FakeWatcher[] = [];
  const runner = new MappingRunner({
    mapping: mappingNamed('shared'),
    backend,
    clock,
    createWatcher: (options) => {
      const watcher = new FakeWatcher(options);
      watchers.push(watcher);
      return watcher;
    },
    createBatcher: immediateBatcher,
    log: silentLogger(),
    onFatal: (failure) => fatal.push(failure),
  });
  const [watcher] = watchers;
  assert.ok(watcher);
  runner.start();
  const state = (): string => runner.status().life.kind;
  return { runner, backend, clock, watcher, fatal, state, calls: backend.calls };
}

/** A promise that the test settles. */
function gate<T>() {
  return Promise.withResolvers<T>();
}

describe('the runner of a mapping', () => {
  it('attaches and compares the tree once it is covered, not before', async () => {
    const { watcher, calls, state } = setUp();
    await watcher.hints('a');
    assert.deepEqual(calls, []);
    await watcher.says(covered);
    assert.deepEqual(calls, ['attach shared', 'reconcile shared']);
    assert.equal(state(), 'live');
  });

  it('never watches nor shows its own folder', () => {
    const { watcher } = setUp();
    assert.deepEqual(watcher.options.hidden, ['.csyncd']);
  });

  it('is placed when the root is covered, and when it is missing', async () => {
    for (const event of [covered, lost]) {
      const { runner, watcher } = setUp();
      let placed = false;
      void runner.placed().then(() => (placed = true));
      await rest();
      assert.equal(placed, false);
      await watcher.says(event);
      assert.equal(placed, true);
    }
  });

  it('takes a batch', async () => {
    const { watcher, calls } = setUp();
    await watcher.says(covered);
    await watcher.hints('a', 'b');
    assert.equal(calls.at(-1), 'take shared: a b');
  });

  it('does one look at a time; what comes meanwhile is one batch', async () => {
    const { watcher, calls, backend } = setUp();
    const scan = gate<typeof nothingFound>();
    backend.onReconcile = () => scan.promise;
    await watcher.says(covered);
    await watcher.hints('a');
    await watcher.hints('b');
    assert.deepEqual(calls, ['attach shared', 'reconcile shared']);
    scan.resolve(nothingFound);
    await rest();
    assert.deepEqual(calls.slice(2), ['take shared: a b']);
  });

  it('compares once more, and only once, after any number of suspicions during a look', async () => {
    const { watcher, calls, backend } = setUp();
    const scan = gate<typeof nothingFound>();
    backend.onReconcile = () => scan.promise;
    await watcher.says(covered);
    const suspicion: WatcherEvent = { kind: 'suspicion', reason: 'overflow' };
    await watcher.says(suspicion, suspicion, suspicion);
    scan.resolve(nothingFound);
    await rest();
    assert.equal(calls.filter((call) => call === 'reconcile shared').length, 2);
  });

  it('lets go when the root is lost: nothing is taken, what is under way reports nothing', async () => {
    const { watcher, calls, backend, state } = setUp();
    const scan = gate<typeof nothingFound>();
    backend.onReconcile = () => scan.promise;
    await watcher.says(covered);
    await watcher.says(lost);
    assert.equal(backend.signals[0]?.aborted, true);
    scan.resolve(nothingFound);
    await watcher.hints('a');
    assert.equal(state(), 'missing');
    assert.deepEqual(calls, ['attach shared', 'reconcile shared', 'detach shared (root-lost)']);
  });

  it('attaches again when the root is back', async () => {
    const { watcher, calls, state } = setUp();
    await watcher.says(covered, lost);
    await watcher.says({ kind: 'root-back' }, covered);
    assert.deepEqual(calls.slice(-2), ['attach shared', 'reconcile shared']);
    assert.equal(state(), 'live');
  });

  it('detaches once more when the root was lost while it was being attached', async () => {
    const { watcher, calls, backend } = setUp();
    const attaching = gate<undefined>();
    backend.onAttach = () => attaching.promise;
    await watcher.says(covered, lost);
    attaching.resolve(undefined);
    await rest();
    // The first detach came too early for the backend to know of the mapping.
    assert.deepEqual(calls.filter((call) => call.startsWith('detach')).length >= 1, true);
    assert.equal(calls.at(-1), 'detach shared (root-lost)');
    assert.ok(!calls.includes('reconcile shared'));
  });

  it('tries a failure again with back-off, each time later', async () => {
    const { watcher, backend, clock, state } = setUp();
    backend.onReconcile = () => Promise.reject(new CsyncdError('EACCES', 'no permission'));
    await watcher.says(covered);
    assert.equal(state(), 'failed');
    const times = (): number => backend.calls.filter((call) => call === 'reconcile shared').length;
    await clock.pass(1_000);
    assert.equal(times(), 2);
    await clock.pass(1_000);
    assert.equal(times(), 2);
    await clock.pass(1_000);
    assert.equal(times(), 3);
    backend.onReconcile = () => nothingFound;
    await clock.pass(10_000);
    assert.equal(state(), 'live');
  });

  it('attaches once, however often the look after it is tried', async () => {
    const { watcher, backend, clock, calls } = setUp();
    backend.onReconcile = () => Promise.reject(new CsyncdError('EIO', 'disk'));
    await watcher.says(covered);
    await clock.pass(60_000);
    assert.equal(calls.filter((call) => call === 'attach shared').length, 1);
  });

  it('attaches anew what the backend gave up by itself, less and less often while it keeps doing so', async () => {
    const { runner, watcher, backend, clock, calls, state } = setUp();
    await watcher.says(covered);
    const falls = (): number => {
      backend.detach('shared', held);
      runner.fell(new CsyncdError('state-full', 'no room'));
      return calls.length;
    };
    for (const wait of [1_000, 2_000, 4_000]) {
      const before = falls();
      assert.equal(state(), 'failed');
      assert.match(runner.unable()?.message ?? '', /no room/);
      await clock.pass(wait / 2 - 1);
      assert.deepEqual(calls.slice(before), []);
      await clock.pass(wait / 2 + 1);
      assert.deepEqual(calls.slice(before), ['attach shared', 'reconcile shared']);
      assert.equal(state(), 'live');
    }
  });

  it('ends the daemon when its state cannot be trusted', async () => {
    const { watcher, backend, fatal } = setUp();
    backend.onReconcile = () => Promise.reject(new CsyncdError('state-corrupt', 'broken'));
    await watcher.says(covered);
    assert.equal(fatal[0]?.reason.code, 'state-corrupt');
  });

  it('is held, and stays so, until a whole look finds nothing to hold', async () => {
    const { watcher, backend, runner, state } = setUp();
    backend.onReconcile = () => ({ ...nothingFound, held });
    await watcher.says(covered);
    assert.equal(state(), 'held');
    await watcher.hints('a');
    assert.equal(state(), 'held');
    backend.onReconcile = () => nothingFound;
    await runner.look(null, never);
    assert.equal(state(), 'live');
  });

  it('looks again at what was in use, with back-off, until it is not', async () => {
    const { watcher, backend, clock, calls } = setUp();
    await watcher.says(covered);
    backend.onTake = () => ({ changed: 0, again: [{ path: 'log', scope: 'entry' }], held: null });
    await watcher.hints('log');
    const takes = (): number => calls.filter((call) => call === 'take shared: log').length;
    await clock.pass(200);
    assert.equal(takes(), 2);
    await clock.pass(200);
    assert.equal(takes(), 2);
    await clock.pass(200);
    assert.equal(takes(), 3);
    backend.onTake = () => nothingFound;
    await clock.pass(3_600);
    assert.equal(takes(), 4);
    await clock.pass(60_000);
    assert.equal(takes(), 4);
  });

  it('compares the whole tree each period, give or take a quarter', async () => {
    const { watcher, clock, calls } = setUp();
    await watcher.says(covered);
    const scans = (): number => calls.filter((call) => call === 'reconcile shared').length;
    await clock.pass(3_599_000);
    assert.equal(scans(), 1);
    await clock.pass(2_000);
    assert.equal(scans(), 2);
    await clock.pass(3_600_000);
    assert.equal(scans(), 3);
  });

  it('does nothing while paused, and compares the whole tree when resumed', async () => {
    const { runner, watcher, calls, clock } = setUp();
    await watcher.says(covered);
    runner.pause();
    await watcher.hints('a');
    await clock.pass(10_000_000);
    assert.deepEqual(calls.slice(2), ['pause shared']);
    runner.resume();
    await rest();
    assert.deepEqual(calls.slice(2), ['pause shared', 'resume shared', 'reconcile shared']);
  });

  it('that was paused in an earlier run starts paused', async () => {
    const { runner, watcher, backend, calls, state } = setUp('shared');
    await watcher.says(covered);
    assert.equal(state(), 'paused');
    assert.deepEqual(calls, []);
    backend.paused.clear();
    runner.resume();
    await rest();
    assert.deepEqual(calls, ['resume shared', 'attach shared', 'reconcile shared']);
  });

  it('is not paused when that cannot be remembered', async () => {
    const { runner, watcher, backend, state } = setUp();
    await watcher.says(covered);
    backend.pauseMapping = () => {
      throw new CsyncdError('state-full', 'no room');
    };
    assert.throws(() => runner.pause(), /no room/);
    assert.equal(state(), 'live');
  });

  it('stops: ends the watcher, waits for the look under way, starts nothing more', async () => {
    const { runner, watcher, backend, clock, calls } = setUp();
    await watcher.says(covered);
    const take = gate<typeof nothingFound>();
    backend.onTake = () => take.promise;
    await watcher.hints('a');
    let stopped = false;
    const stopping = runner.stop().then(() => (stopped = true));
    await rest();
    assert.equal(stopped, false);
    take.resolve(nothingFound);
    await stopping;
    assert.equal(watcher.stopped, true);
    const before = calls.length;
    await watcher.hints('b');
    await clock.pass(100_000_000);
    assert.equal(calls.length, before);
  });

  it('shows what the watcher cannot do until it covers the tree anew', async () => {
    const { runner, watcher } = setUp();
    await watcher.says(covered, { kind: 'degraded', code: 'few-watches', message: 'too few', hint: 'raise' });
    assert.deepEqual(runner.status().limits, [{ code: 'few-watches', message: 'too few', hint: 'raise' }]);
    await watcher.says(covered);
    assert.deepEqual(runner.status().limits, []);
  });
});

describe("a person's wish to look", () => {
  it('at paths is one take of their subtrees', async () => {
    const { runner, watcher, backend } = setUp();
    await watcher.says(covered);
    backend.onTake = () => ({ changed: 3, again: [], held: null });
    const looked = await runner.look(['a', 'b/c'], never);
    assert.deepEqual(looked, { kind: 'looked', changed: 3, busy: [], held: null });
    assert.equal(backend.calls.at(-1), 'take shared: a (subtree) b/c (subtree)');
  });

  it('at everything is a new look, also when one is under way already', async () => {
    const { runner, watcher, backend, calls } = setUp();
    const first = gate<typeof nothingFound>();
    backend.onReconcile = () => first.promise;
    await watcher.says(covered);
    const looking = runner.look(null, never);
    backend.onReconcile = () => ({ ...nothingFound, changed: 5 });
    first.resolve(nothingFound);
    assert.deepEqual(await looking, { kind: 'looked', changed: 5, busy: [], held: null });
    assert.equal(calls.filter((call) => call === 'reconcile shared').length, 2);
  });

  it('waits for the cover', async () => {
    const { runner, watcher } = setUp();
    const looking = runner.look(['a'], never);
    await watcher.says(covered);
    assert.equal((await looking).kind, 'looked');
  });

  it('tells what is in use', async () => {
    const { runner, watcher, backend } = setUp();
    await watcher.says(covered);
    backend.onTake = () => ({ changed: 0, again: [{ path: 'log', scope: 'entry' }], held: null });
    assert.deepEqual(await runner.look(['log'], never), {
      kind: 'looked',
      changed: 0,
      busy: ['log'],
      held: null,
    });
  });

  it('is told why not: missing, paused, failing again', async () => {
    const { runner, watcher, backend } = setUp();
    await watcher.says(lost);
    const missing = await runner.look(null, never);
    assert.equal(missing.kind === 'unable' && missing.reason.code, 'root-lost');
    await watcher.says(covered);
    runner.pause();
    const paused = await runner.look(['a'], never);
    assert.equal(paused.kind === 'unable' && paused.reason.code, 'paused');
    backend.onReconcile = () => Promise.reject(new CsyncdError('EIO', 'disk'));
    runner.resume();
    await rest();
    const failed = await runner.look(null, never);
    assert.equal(failed.kind === 'unable' && failed.reason.code, 'EIO');
  });

  it('ends a failure early when what was wrong is mended', async () => {
    const { runner, watcher, backend } = setUp();
    backend.onReconcile = () => Promise.reject(new CsyncdError('EACCES', 'no permission'));
    await watcher.says(covered);
    backend.onReconcile = () => nothingFound;
    assert.equal((await runner.look(null, never)).kind, 'looked');
  });

  it('ends with its signal', async () => {
    const { runner } = setUp();
    const giveUp = new AbortController();
    const looking = runner.look(null, giveUp.signal);
    giveUp.abort(new Error('not in time'));
    await assert.rejects(looking, /not in time/);
  });
});
