import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config, Group } from '../../src/config/model.ts';
import type { Failure } from '../../src/orchestrator/failures.ts';
import { Orchestrator } from '../../src/orchestrator/orchestrator.ts';
import { CsyncdError } from '../../src/util/errors.ts';
import { silentLogger } from '../../src/util/log.ts';
import {
  configWith,
  FakeBackend,
  FakeClock,
  FakeWatcher,
  groupNamed,
  immediateBatcher,
  mappingNamed,
  rest,
} from '../kit/orchestration.ts';

function setUp(config: Config) {
  const backends = new Map<string, FakeBackend>();
  const watchers = new Map<string, FakeWatcher>();
  const log: string[] = [];
  const fatal: Failure[] = [];
  const clock = new FakeClock();
  const faults = { open: null as Error | null, reconfigure: null as Error | null };
  const orchestrator = new Orchestrator(
    {
      openBackend: (group: Group) => {
        log.push(`open ${group.name}`);
        if (faults.open !== null) return Promise.reject(faults.open);
        const backend = new FakeBackend(group.name);
        backends.set(group.name, backend);
        return Promise.resolve(backend);
      },
      reconfigureBackends: () => {
        log.push('reconfigure');
        return faults.reconfigure === null ? Promise.resolve() : Promise.reject(faults.reconfigure);
      },
      createWatcher: (options) => {
        log.push(`watch ${options.root}`);
        const watcher = new FakeWatcher(options);
        watchers.set(options.root, watcher);
        return watcher;
      },
      createBatcher: immediateBatcher,
      clock,
      log: silentLogger(),
      onFatal: (failure) => fatal.push(failure),
    },
    config,
  );
  const backend = (group: string): FakeBackend => {
    const found = backends.get(group);
    assert.ok(found);
    return found;
  };
  const watcher = (root: string): FakeWatcher => {
    const found = watchers.get(root);
    assert.ok(found);
    return found;
  };
  return { orchestrator, log, fatal, clock, faults, backend, watcher };
}

const two = groupNamed('web', { mappings: [mappingNamed('shared'), mappingNamed('spool')] });

describe('the orchestrator', () => {
  it('starts every group, then its mappings, and is placed when all are watched', async () => {
    const { orchestrator, log, watcher } = setUp(configWith([two]));
    orchestrator.start();
    let placed = false;
    void orchestrator.placed().then(() => (placed = true));
    await rest();
    assert.deepEqual(log, ['open web', 'watch /srv/shared', 'watch /srv/spool']);
    await watcher('/srv/shared').says({ kind: 'covered' });
    assert.equal(placed, false);
    await watcher('/srv/spool').says({ kind: 'root-lost', reason: 'missing' });
    assert.equal(placed, true);
  });

  it('tries a group that cannot start again, and keeps nobody else waiting', async () => {
    const { orchestrator, log, faults, clock } = setUp(configWith([two]));
    faults.open = new CsyncdError('key-missing', 'there is no key');
    orchestrator.start();
    await orchestrator.placed();
    const group = orchestrator.groups.get('web');
    assert.equal(group?.failure?.reason.message, 'there is no key');
    faults.open = null;
    await clock.pass(1_000);
    assert.equal(group.failure, null);
    assert.deepEqual(log, ['open web', 'open web', 'watch /srv/shared', 'watch /srv/spool']);
  });

  it('stops the lanes before the backends', async () => {
    const { orchestrator, backend, watcher } = setUp(configWith([groupNamed('web')]));
    orchestrator.start();
    await rest();
    await watcher('/srv/shared').says({ kind: 'covered' });
    await orchestrator.stop();
    assert.equal(watcher('/srv/shared').stopped, true);
    assert.equal(backend('web').calls.at(-1), 'stop');
  });

  it('stops while a group is still starting', async () => {
    const { orchestrator, backend } = setUp(configWith([groupNamed('web')]));
    orchestrator.start();
    await Promise.resolve();
    await orchestrator.stop();
    assert.deepEqual(backend('web').calls.includes('start'), backend('web').calls.includes('stop'));
  });
});

describe('a reload', () => {
  it('of the same config touches no mapping', async () => {
    const { orchestrator, log, backend } = setUp(configWith([two]));
    orchestrator.start();
    await rest();
    log.length = 0;
    await orchestrator.reload(structuredClone(configWith([two])));
    assert.deepEqual(log, ['reconfigure']);
    assert.deepEqual(backend('web').calls, ['start']);
  });

  it('replaces the mapping that differs and leaves its neighbours alone', async () => {
    const { orchestrator, log, backend, watcher } = setUp(configWith([two]));
    orchestrator.start();
    await rest();
    log.length = 0;
    const changed = mappingNamed('spool', { path: '/srv/elsewhere' });
    await orchestrator.reload(configWith([{ ...two, mappings: [mappingNamed('shared'), changed] }]));
    assert.deepEqual(log, ['reconfigure', 'watch /srv/elsewhere']);
    assert.equal(watcher('/srv/spool').stopped, true);
    assert.equal(watcher('/srv/shared').stopped, false);
    assert.deepEqual(backend('web').calls, ['start', 'detach spool (reconfigured)']);
  });

  it('adds and removes mappings', async () => {
    const { orchestrator, log } = setUp(configWith([two]));
    orchestrator.start();
    await rest();
    log.length = 0;
    await orchestrator.reload(
      configWith([{ ...two, mappings: [mappingNamed('shared'), mappingNamed('new')] }]),
    );
    assert.deepEqual(log, ['reconfigure', 'watch /srv/new']);
    assert.deepEqual([...(orchestrator.groups.get('web')?.runners.keys() ?? [])], ['shared', 'new']);
  });

  it('adds and removes groups', async () => {
    const { orchestrator, log, backend } = setUp(configWith([two]));
    orchestrator.start();
    await rest();
    log.length = 0;
    await orchestrator.reload(configWith([groupNamed('mail', { mappings: [mappingNamed('box')] })]));
    await rest();
    assert.equal(backend('web').calls.at(-1), 'stop');
    assert.deepEqual(log, ['reconfigure', 'open mail', 'watch /srv/box']);
    assert.deepEqual([...orchestrator.groups.keys()], ['mail']);
  });

  it('starts a group anew when another backend serves it', async () => {
    const { orchestrator, log, backend } = setUp(configWith([groupNamed('web')]));
    orchestrator.start();
    await rest();
    const before = backend('web');
    log.length = 0;
    await orchestrator.reload(configWith([groupNamed('web', { backend: 'csync2' })]));
    await rest();
    assert.equal(before.calls.at(-1), 'stop');
    assert.deepEqual(log, ['reconfigure', 'open web', 'watch /srv/shared']);
  });

  it('tries a group that had failed at once', async () => {
    const { orchestrator, faults } = setUp(configWith([two]));
    faults.open = new CsyncdError('key-missing', 'there is no key');
    orchestrator.start();
    await orchestrator.placed();
    faults.open = null;
    await orchestrator.reload(configWith([two]));
    await rest();
    assert.equal(orchestrator.groups.get('web')?.failure, null);
  });

  it('that the backends refuse leaves the config before in force', async () => {
    const { orchestrator, faults, log } = setUp(configWith([two]));
    orchestrator.start();
    await rest();
    faults.reconfigure = new CsyncdError('key-missing', 'there is no key');
    log.length = 0;
    const changed = mappingNamed('spool', { path: '/srv/elsewhere' });
    const next = configWith([{ ...two, mappings: [mappingNamed('shared'), changed] }]);
    await assert.rejects(orchestrator.reload(next), /there is no key/);
    assert.deepEqual(log, ['reconfigure', 'watch /srv/spool']);
    assert.equal(orchestrator.config.groups[0]?.mappings[1]?.path, '/srv/spool');
  });
});
