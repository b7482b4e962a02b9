import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Config } from '../../../src/config/model.ts';
import { MappingOperations } from '../../../src/orchestrator/operations/operations.ts';
import { Orchestrator } from '../../../src/orchestrator/orchestrator.ts';
import { CsyncdError } from '../../../src/util/errors.ts';
import { silentLogger } from '../../../src/util/log.ts';
import {
  configWith,
  FakeBackend,
  FakeClock,
  FakeWatcher,
  groupNamed,
  immediateBatcher,
  mappingNamed,
  nothingFound,
  rest,
} from '../../kit/orchestration.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

const never = new AbortController().signal;
const held = { code: 'mass-deletion', message: 'too much is gone', hint: 'approve or reject' };

async function running(config: Config = configWith([groupNamed('web')])) {
  const backends = new Map<string, FakeBackend>();
  const watchers: FakeWatcher[] = [];
  const faults = { open: null as Error | null };
  const orchestrator = new Orchestrator(
    {
      openBackend: (group) => {
        if (faults.open !== null) return Promise.reject(faults.open);
        const backend = new FakeBackend(group.name);
        backends.set(group.name, backend);
        return Promise.resolve(backend);
      },
      reconfigureBackends: () => Promise.resolve(),
      createWatcher: (options) => {
        const watcher = new FakeWatcher(options);
        watchers.push(watcher);
        return watcher;
      },
      createBatcher: immediateBatcher,
      clock: new FakeClock(),
      log: silentLogger(),
      onFatal: () => {},
    },
    config,
  );
  const operations = new MappingOperations(orchestrator, { version: '1.2.3', startedAt: 0, lacks: [] });
  const cover = async (): Promise<void> => {
    for (const watcher of watchers) await watcher.says({ kind: 'covered' });
  };
  const start = async (): Promise<FakeBackend> => {
    orchestrator.start();
    await rest();
    await cover();
    const backend = backends.get('web');
    assert.ok(backend);
    return backend;
  };
  return { orchestrator, operations, watchers, faults, start, cover };
}

describe('status', () => {
  it('has the shape of the contract', async () => {
    const { operations, start } = await running();
    await start();
    assert.deepEqual(operations.status(), {
      node: 'web1',
      version: '1.2.3',
      state: 'ok',
      started_at: '1970-01-01T00:00:00.000Z',
      lacks: [],
      groups: {
        web: {
          backend: 'engine',
          mappings: {
            shared: {
              path: '/srv/shared',
              state: 'ok',
              reason: null,
              files: 10,
              bytes: 2048,
              pending: 0,
              conflicts: 0,
              hot_files: 0,
              last_scan: '1970-01-01T00:16:40.000Z',
              watcher: {
                directories: 3,
                limit: 100,
                overflows: 1,
                mode: 'events',
                host_restarts: 2,
                sweep_hits: 4,
              },
              errors: [],
            },
          },
          peers: {
            web2: {
              state: 'ok',
              role: 'full',
              lag_seconds: 0,
              pending_files: 0,
              pending_bytes: 0,
              last_seen: null,
              last_error: null,
              remedy: null,
              clock_skew_ms: 3,
              config_match: true,
            },
          },
        },
      },
    });
  });

  it('is starting until the first look has ended', async () => {
    const { operations, orchestrator, cover } = await running();
    orchestrator.start();
    assert.equal(operations.status().state, 'starting');
    await rest();
    assert.equal(operations.status().state, 'starting');
    await cover();
    assert.equal(operations.status().state, 'ok');
  });

  const troubles: [
    string,
    (watcher: FakeWatcher, operations: MappingOperations) => Promise<void>,
    string,
    RegExp,
  ][] = [
    [
      'a missing root',
      (watcher) => watcher.says({ kind: 'root-lost', reason: 'gone' }),
      'missing',
      /^\/srv\/shared: gone; mount or create/,
    ],
    [
      'a pause',
      (_, operations) => Promise.resolve(operations.pause({ peer: null, mapping: null }, true)),
      'paused',
      /^$/,
    ],
    [
      'a watcher that cannot see all',
      (watcher) => watcher.says({ kind: 'degraded', code: 'x', message: 'too few watches', hint: 'raise' }),
      'ok',
      /^too few watches; raise$/,
    ],
  ];
  for (const [name, cause, state, reason] of troubles) {
    it(`is degraded by ${name}`, async () => {
      const { operations, start, watchers } = await running();
      await start();
      const [watcher] = watchers;
      assert.ok(watcher);
      await cause(watcher, operations);
      const report = operations.status();
      const mapping = report.groups['web']?.mappings['shared'];
      assert.equal(report.state, 'degraded');
      assert.equal(mapping?.state, state);
      assert.match(mapping.reason ?? '', reason);
    });
  }

  it('of a group that does not start is in each of its mappings', async () => {
    const { operations, orchestrator, faults } = await running();
    faults.open = new CsyncdError('key-missing', 'there is no key', { hint: 'csyncd keygen' });
    orchestrator.start();
    await orchestrator.placed();
    const mapping = operations.status().groups['web']?.mappings['shared'];
    assert.deepEqual([mapping?.state, mapping?.reason], ['error', 'there is no key; csyncd keygen']);
    await assert.rejects(operations.resolve('shared:a', 'newest'), {
      code: 'group-failed',
      hint: 'csyncd keygen',
    });
  });
});

describe('sync', () => {
  it('of nothing in particular looks at every mapping', async () => {
    const { operations, start } = await running();
    const backend = await start();
    assert.deepEqual(await operations.sync([], false, never), {
      complete: true,
      changed: 0,
      failed: [],
      waiting: [],
    });
    assert.equal(backend.calls.at(-1), 'reconcile shared');
  });

  it('of paths takes them, and waits for the peers on request', async () => {
    const { operations, start } = await running();
    const backend = await start();
    await operations.sync(['shared:a', '/srv/shared/b'], true, never);
    assert.deepEqual(backend.calls.slice(-2), ['take shared: a (subtree) b (subtree)', 'settled shared a,b']);
  });

  it('names who has not acknowledged, and what', async () => {
    const { operations, start } = await running();
    const backend = await start();
    backend.onSettled = () =>
      Promise.resolve({ complete: false, waiting: [{ peer: 'web2', count: 1, paths: ['a\xff'] }] });
    const answer = await operations.sync(['shared:'], true, never);
    assert.equal(answer.complete, false);
    assert.deepEqual(answer.waiting, [
      {
        group: 'web',
        peer: 'web2',
        count: 1,
        paths: [{ path: 'shared:a\\xff', path_base64: 'c2hhcmVkOmH/' }],
      },
    ]);
  });

  it('names this node for files that stay in use until the time-out', async () => {
    const { operations, start } = await running();
    const backend = await start();
    const end = new AbortController();
    let looks = 0;
    backend.onTake = () => {
      looks += 1;
      if (looks === 2) end.abort();
      return { changed: 0, again: [{ path: 'log', scope: 'entry' }], held: null };
    };
    const answer = await operations.sync(['shared:log'], true, end.signal);
    assert.deepEqual(answer.waiting, [
      { group: 'web', peer: 'web1', count: 1, paths: [{ path: 'shared:log' }] },
    ]);
  });

  it('says which mapping could not be looked at', async () => {
    const { operations, start, watchers } = await running();
    await start();
    await watchers[0]?.says({ kind: 'root-lost', reason: 'gone' });
    const answer = await operations.sync([], true, never);
    assert.equal(answer.complete, false);
    assert.match(answer.failed[0]?.reason ?? '', /^\/srv\/shared: gone; /);
  });

  it('is not complete while what was found is held', async () => {
    const { operations, start } = await running();
    const backend = await start();
    backend.onReconcile = () => ({ changed: 0, again: [], held });
    const answer = await operations.sync([], true, never);
    assert.equal(answer.complete, false);
    assert.equal(answer.failed[0]?.reason, 'too much is gone; approve or reject');
  });

  it('follows a symlink that leads to a mapping', async () => {
    const dir = makeTempDir();
    const real = join(dir, 'real');
    mkdirSync(real);
    writeFileSync(join(real, 'a'), '');
    symlinkSync('real', join(dir, 'link'));
    const shared = mappingNamed('shared', { path: real });
    const { operations, start } = await running(configWith([groupNamed('web', { mappings: [shared] })]));
    const backend = await start();
    await operations.sync([join(dir, 'link', 'a')], false, never);
    assert.equal(backend.calls.at(-1), 'take shared: a (subtree)');
  });
});

describe('decisions', () => {
  it('release what is held and look again', async () => {
    const { operations, start } = await running();
    const backend = await start();
    backend.onReconcile = () => ({ ...nothingFound, held });
    await operations.sync([], false, never);
    backend.onReconcile = () => nothingFound;
    await operations.decide('shared', 'approve', never);
    assert.deepEqual(backend.calls.slice(-2), ['approve shared', 'reconcile shared']);
    assert.equal(operations.status().state, 'ok');
  });

  it('need something that is held', async () => {
    const { operations, start } = await running();
    await start();
    await assert.rejects(operations.decide('shared', 'reject', never), { code: 'not-held' });
  });

  it('take the directory that is there for a root that was lost', async () => {
    const { operations, watchers, start } = await running();
    const backend = await start();
    const [watcher] = watchers;
    assert.ok(watcher);
    await watcher.says({ kind: 'root-lost', reason: 'another directory is in its place' });
    await assert.rejects(operations.decide('shared', 'reject', never), {
      code: 'not-held',
      hint: /csyncd approve shared/,
    });
    backend.onReconcile = () => ({ ...nothingFound, held });
    const decided = operations.decide('shared', 'approve', never);
    await rest();
    assert.equal(backend.calls.at(-1), 'take root shared');
    await watcher.says({ kind: 'root-back' }, { kind: 'covered' });
    assert.deepEqual(await decided, { root: true, held: 'too much is gone' });
  });

  it('pause a peer of the groups that have it', async () => {
    const { operations, start } = await running();
    const backend = await start();
    operations.pause({ peer: 'web2', mapping: null }, true);
    operations.pause({ peer: 'web2', mapping: 'shared' }, false);
    assert.deepEqual(backend.calls.slice(-2), ['pause shared for web2', 'resume shared for web2']);
    assert.throws(() => operations.pause({ peer: 'web1', mapping: null }, true), {
      code: 'no-such-peer',
      hint: /web2/,
    });
  });

  it('name one path', async () => {
    const { operations, start } = await running();
    const backend = await start();
    await operations.resolve('shared:a', 'newest');
    await operations.restore('/srv/shared/b', 'v1');
    await operations.backups('shared:c');
    await operations.backups(null);
    await operations.revert('shared', never);
    assert.deepEqual(backend.calls.slice(-5), [
      'resolve shared:a newest',
      'restore shared:b v1',
      'backups shared:c',
      'backups *:*',
      'revert shared',
    ]);
  });
});

describe('verify', () => {
  it('compares all mappings, or those named', async () => {
    const { operations, start } = await running();
    const backend = await start();
    const answer = await operations.verify([], true, never);
    assert.equal(backend.calls.at(-1), 'verify shared deep');
    assert.deepEqual([answer.equal, answer.compared, answer.mappings['shared']?.files], [true, true, 7]);
    await assert.rejects(operations.verify(['nope'], false, never), { code: 'no-such-mapping' });
  });

  it('says which node was not reached', async () => {
    const { operations, start } = await running();
    const backend = await start();
    backend.onVerify = () => ({
      compared: false,
      unreachable: ['web2'],
      equal: false,
      files: 0,
      nodes: [],
      differences: [],
    });
    const answer = await operations.verify([], false, never);
    assert.equal(answer.compared, false);
    assert.equal(answer.mappings['shared']?.reason, 'not reached, or not taking part: web2');
  });

  it('says why a mapping cannot be compared here', async () => {
    const { operations, start, watchers } = await running();
    await start();
    await watchers[0]?.says({ kind: 'root-lost', reason: '/srv/shared: the directory does not exist' });
    const answer = await operations.verify([], false, never);
    assert.equal(answer.compared, false);
    assert.match(
      answer.mappings['shared']?.reason ?? '',
      /^\/srv\/shared: the directory does not exist; mount/,
    );
  });
});

describe('explain', () => {
  it('tells the mapping, the file and the rule', async () => {
    const shared = mappingNamed('shared', { exclude: ['*~', '/cache/**'] });
    const { operations, start } = await running(configWith([groupNamed('web', { mappings: [shared] })]));
    await start();
    const answer = await operations.explain('shared:a~');
    assert.deepEqual(
      [answer.group, answer.mapping, answer.path, answer.file, answer.selected, answer.rule],
      ['web', 'shared', 'a~', '/srv/shared/a~', false, '*~'],
    );
  });
});
