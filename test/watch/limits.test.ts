import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { until, watching, type Follower } from './follower.ts';
import { hostsOf } from './hosts.ts';
import { remoteWatcher, type RemoteWatcher } from './remote.ts';

const LIMITS = '/proc/sys/user';

/** A daemon in a user namespace of its own, whose limits on inotify are not everybody's. */
function limited(
  limit: 'watches' | 'instances',
  value: number,
): { create: typeof remoteWatcher; set: (value: number) => void } {
  const remotes: RemoteWatcher[] = [];
  const write = (n: number): string => `echo ${n} > ${LIMITS}/max_inotify_${limit}`;
  return {
    create(options, tuning) {
      const remote = remoteWatcher(options, tuning, [
        'unshare',
        '-Ur',
        'sh',
        '-ec',
        `${write(value)}; exec "$@"`,
        'sh',
      ]);
      remotes.push(remote);
      return remote;
    },
    set(n) {
      const pid = remotes[0]?.pid() ?? 0;
      execFileSync('nsenter', ['-t', `${pid}`, '-U', '--preserve-credentials', 'sh', '-ec', write(n)]);
    },
  };
}

function makeTree(root: string): void {
  for (let d = 0; d < 20; d += 1) {
    mkdirSync(`${root}/d${d}/sub`, { recursive: true });
    writeFileSync(`${root}/d${d}/sub/f`, '');
  }
}

function codes(follower: Follower): string[] {
  return follower.events.flatMap((event) => (event.kind === 'degraded' ? [event.code] : []));
}

const SWEEP = { sweepMs: 300 };

test('recipe 15: too few watches at the start is told, and every change is found all the same', async () => {
  const limit = limited('watches', 15);
  await watching(
    async (follower, root) => {
      await follower.heard('degraded');
      assert.deepEqual(codes(follower), ['too-few-watches']);
      for (let d = 0; d < 20; d += 1) writeFileSync(`${root}/d${d}/sub/f`, 'changed in place');
      mkdirSync(`${root}/new/sub`, { recursive: true });
      writeFileSync(`${root}/new/sub/f`, '');
      await follower.sees();
      const covered = follower.count('covered');
      limit.set(1_000);
      await follower.heard('covered', covered + 1);
      await follower.sees();
    },
    makeTree,
    { ...SWEEP, create: limit.create },
  );
});

test('recipe 15: watches run out while it runs, and are raised', async () => {
  const limit = limited('watches', 50);
  await watching(
    async (follower, root) => {
      assert.deepEqual(codes(follower), []);
      for (let d = 0; d < 20; d += 1) mkdirSync(`${root}/more${d}/sub`, { recursive: true });
      await follower.heard('degraded');
      assert.deepEqual(codes(follower), ['too-few-watches']);
      await follower.sees();
      const covered = follower.count('covered');
      limit.set(1_000);
      await follower.heard('covered', covered + 1);
      assert.equal(codes(follower).length, 1);
      await follower.sees();
    },
    makeTree,
    { ...SWEEP, create: limit.create },
  );
});

for (const instances of [0, 1]) {
  test(`recipe 16: with ${instances} inotify instances it says so, and sweeps`, async () => {
    const limit = limited('instances', instances);
    await watching(
      async (follower) => {
        await follower.heard('degraded');
        assert.ok(codes(follower).includes('watcher-did-not-start'));
        await follower.sees();
      },
      makeTree,
      { ...SWEEP, create: limit.create, tuning: { silenceMs: 3_000 } },
    );
  });
}

test('a directory that may not be read is told, and watched when it may be', async () => {
  // In a user namespace where root is nobody in particular to the files outside of it.
  const daemons: RemoteWatcher[] = [];
  await watching(
    async (follower, root) => {
      await follower.heard('degraded');
      assert.deepEqual(codes(follower), ['unreadable-directory']);
      execFileSync('chmod', ['755', `${root}/closed`]);
      await follower.heard('covered', 2);
      await follower.sees();
      assert.equal(hostsOf(daemons[0]?.pid() ?? 0).length, 1);
    },
    (root) => {
      makeTree(root);
      mkdirSync(`${root}/closed/sub`, { recursive: true });
      execFileSync('chmod', ['700', `${root}/closed`]);
      execFileSync('chmod', ['755', root]);
    },
    {
      ...SWEEP,
      create(options, tuning) {
        const remote = remoteWatcher(options, tuning, [
          'setpriv',
          '--reuid=65534',
          '--regid=65534',
          '--clear-groups',
        ]);
        daemons.push(remote);
        return remote;
      },
    },
  );
});

test('recipe 18: a tree deeper than the longest path is watched as far as paths reach', async () => {
  const name = 'n'.repeat(250);
  await watching(
    async (follower, root) => {
      await follower.heard('degraded');
      assert.deepEqual(codes(follower), ['path-too-long']);
      writeFileSync(`${root}/${name}/f`, '');
      await until(
        () => follower.takeHints().some((hint) => hint.path === `${name}/f`),
        () => 'no hint',
      );
    },
    (root) => {
      execFileSync(
        'sh',
        ['-ec', `n=0; while [ $n -lt 18 ]; do mkdir ${name}; cd -P ${name}; n=$((n+1)); done`],
        { cwd: root },
      );
    },
    SWEEP,
  );
});
