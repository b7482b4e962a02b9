import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { Follower, until, watching } from './follower.ts';
import { hostsOf, inotifyDescriptors, isAlive } from './hosts.ts';
import { remoteWatcher, type RemoteWatcher } from './remote.ts';

function makeTree(root: string): void {
  for (let d = 0; d < 10; d += 1) mkdirSync(`${root}/d${d}/sub`, { recursive: true });
}

function onlyHost(): number {
  const hosts = hostsOf(process.pid);
  assert.equal(hosts.length, 1, `hosts: ${hosts.join(' ')}`);
  return hosts[0] ?? 0;
}

/** A new host has covered the root, the old one is gone, and nothing of it is left. */
async function replaced(follower: Follower, old: number, covered: number): Promise<void> {
  await follower.heard('covered', covered);
  await until(
    () => !isAlive(old) && hostsOf(process.pid).length === 1,
    () => 'the old host is still there',
  );
  const host = onlyHost();
  assert.notEqual(host, old);
  assert.equal(inotifyDescriptors(host), 2);
  assert.equal(inotifyDescriptors(process.pid), 0);
  assert.ok(follower.watcher.status().host_restarts >= 1);
}

const QUEUE = '/proc/sys/fs/inotify/max_queued_events';
const SHORT = '1024';

test('recipe 9: 60,000 files while the host stands still: nothing stays unseen', async () => {
  await watching(async (follower, root) => {
    const host = onlyHost();
    process.kill(host, 'SIGSTOP');
    for (let f = 0; f < 60_000; f += 1) writeFileSync(`${root}/d${f % 10}/f${f}`, '');
    process.kill(host, 'SIGCONT');
    await follower.converged();
    await follower.sees();
  }, makeTree);
});

test('recipe 9: with a short event queue the loss is suspected and found', async () => {
  const before = readFileSync(QUEUE, 'latin1');
  const seen = { isShort: false };
  try {
    // Whatever else watches on this machine may deepen the queue of all before this host has made its own.
    for (let attempt = 1; attempt <= 20 && !seen.isShort; attempt += 1) {
      await watching(
        async (follower, root) => {
          seen.isShort = readFileSync(QUEUE, 'latin1').trim() === SHORT;
          writeFileSync(QUEUE, before);
          if (!seen.isShort) return;
          const host = onlyHost();
          process.kill(host, 'SIGSTOP');
          for (let f = 0; f < 5_000; f += 1) writeFileSync(`${root}/d${f % 10}/sub/f${f}`, '');
          process.kill(host, 'SIGCONT');
          await follower.heard('suspicion');
          await follower.converged();
          await follower.sees();
        },
        (root) => {
          makeTree(root);
          writeFileSync(QUEUE, SHORT);
        },
        { tuning: { deepenQueue: false } },
      );
    }
    assert.ok(seen.isShort, 'the event queue was deepened by somebody else each time');
  } finally {
    writeFileSync(QUEUE, before);
  }
});

test('recipe 13: an interrupted poll ends the recursive watch, and the host is replaced', async () => {
  await watching(async (follower, root) => {
    const host = onlyHost();
    const inject = [
      '-qq',
      '-f',
      '-p',
      `${host}`,
      '-e',
      'trace=poll',
      '-e',
      'inject=poll:error=EINTR',
      '-o',
      '/dev/null',
    ];
    const strace = spawn('strace', inject, { stdio: 'ignore' });
    await replaced(follower, host, 2);
    if (strace.exitCode === null) await once(strace, 'exit');
    writeFileSync(`${root}/d1/f`, '');
    await follower.sees();
  }, makeTree);
});

for (const signal of ['SIGCHLD', 'SIGWINCH', 'SIGCONT', 'SIGUSR1'] as const) {
  test(`recipe 13: a storm of ${signal} does the host no harm`, async () => {
    await watching(async (follower, root) => {
      const host = onlyHost();
      for (let n = 0; n < 500; n += 1) process.kill(host, signal);
      writeFileSync(`${root}/d1/f`, '');
      await follower.converged();
      assert.equal(onlyHost(), host);
      await follower.sees();
    }, makeTree);
  });
}

for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGTERM'] as const) {
  test(`recipe 14: a host that ends by ${signal} is replaced, and what it missed is found`, async () => {
    await watching(async (follower, root) => {
      const host = onlyHost();
      process.kill(host, signal);
      for (let f = 0; f < 100; f += 1) writeFileSync(`${root}/d${f % 10}/sub/f${f}`, '');
      mkdirSync(`${root}/new/sub`, { recursive: true });
      await replaced(follower, host, 2);
      await follower.sees();
    }, makeTree);
  });
}

test('a host that falls silent is replaced by another, and killed when that is ready', async () => {
  await watching(
    async (follower, root) => {
      const host = onlyHost();
      process.kill(host, 'SIGSTOP');
      writeFileSync(`${root}/d1/f`, '');
      await replaced(follower, host, 2);
      await follower.sees();
    },
    makeTree,
    { tuning: { silenceMs: 3_000 } },
  );
});

test('recipe 17: directories that are made while the watch begins are not blind', async () => {
  const root = mkdtempSync(`${tmpdir()}/csyncd-watch-test-`);
  makeTree(root);
  const churn = spawn(
    'sh',
    [
      '-c',
      'n=0; while [ ! -e "$STOP" ]; do n=$((n+1)); mkdir -p keep$((n%200))/a/b c$n/x/y; rm -rf c$n; done',
    ],
    { cwd: root, stdio: 'ignore', env: { ...process.env, STOP: `${root}.stop` } },
  );
  const follower = new Follower(root);
  try {
    await follower.heard('covered');
    // Killed, it would leave an `rm` behind that goes on.
    writeFileSync(`${root}.stop`, '');
    await once(churn, 'exit');
    await follower.sees();
  } finally {
    churn.kill('SIGKILL');
    await follower.watcher.stop();
    rmSync(root, { recursive: true, force: true });
    rmSync(`${root}.stop`, { force: true });
  }
});

test('a host ends with the daemon, however that ends', async () => {
  const remotes: RemoteWatcher[] = [];
  const create: typeof remoteWatcher = (options, tuning) => {
    const remote = remoteWatcher(options, tuning);
    remotes.push(remote);
    return remote;
  };
  await watching(
    async () => {
      const daemon = remotes[0]?.pid() ?? 0;
      const hosts = hostsOf(daemon);
      assert.equal(hosts.length, 1);
      process.kill(daemon, 'SIGKILL');
      await until(
        () => !hosts.some(isAlive),
        () => 'the host outlived its daemon',
      );
    },
    makeTree,
    { create },
  );
});

test('recipe 30: a clock that is set raises suspicion', async () => {
  const now = Date.now;
  try {
    await watching(
      async (follower) => {
        for (const jump of [3_600_000, 0]) {
          const before = follower.count('suspicion');
          Date.now = () => now() + jump;
          await follower.heard('suspicion', before + 1);
        }
        await follower.sees();
      },
      makeTree,
      { tuning: { silenceMs: 10_000 } },
    );
  } finally {
    Date.now = now;
  }
});

test('a stopped watcher leaves no process behind', async () => {
  await watching(async (follower) => {
    await follower.watcher.stop();
    assert.deepEqual(hostsOf(process.pid), []);
    assert.equal(follower.watcher.status().mode, 'off');
  }, makeTree);
});
