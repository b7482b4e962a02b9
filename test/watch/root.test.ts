import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { Follower } from './follower.ts';

function makeTree(root: string): void {
  mkdirSync(`${root}/d/sub`, { recursive: true });
  writeFileSync(`${root}/d/f`, 'x');
}

const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8' });

/** Below a new directory: `root` with a tree in it, unless `prepare` does otherwise. */
async function onRoot(
  test: (follower: Follower, base: string) => Promise<void>,
  prepare: (base: string) => void = (base) => makeTree(`${base}/up/root`),
): Promise<void> {
  const base = mkdtempSync(`${tmpdir()}/csyncd-watch-root-`);
  mkdirSync(`${base}/up`);
  prepare(base);
  const follower = new Follower(`${base}/up/root`);
  try {
    await test(follower, base);
  } finally {
    await follower.watcher.stop();
    sh('umount -q up/root || true', base);
    rmSync(base, { recursive: true, force: true });
  }
}

/** It was covered, then is lost for this reason, and meanwhile nothing is hinted: nothing is to be taken for deleted. */
async function loses(follower: Follower, reason: RegExp, lose: () => void): Promise<void> {
  await follower.heard('covered');
  const before = follower.events.length;
  lose();
  await follower.heard('root-lost');
  const told = follower.events.slice(before).filter((event) => event.kind !== 'degraded');
  assert.equal(told.length, 1, JSON.stringify(told));
  assert.ok(told[0]?.kind === 'root-lost' && reason.test(told[0].reason), JSON.stringify(told));
}

async function comesBack(follower: Follower): Promise<void> {
  await follower.heard('root-back');
  await follower.heard('covered', 2);
  await follower.sees();
  const kinds = follower.events.map((event) => event.kind);
  assert.ok(kinds.lastIndexOf('covered') > kinds.lastIndexOf('root-back'));
}

const absent: readonly { name: string; reason: RegExp; make: (root: string) => void }[] = [
  { name: 'missing', reason: /does not exist/, make: () => {} },
  { name: 'a file', reason: /not a directory/, make: (root) => writeFileSync(root, '') },
  { name: 'a symlink', reason: /symbolic link/, make: (root) => symlinkSync('/tmp', root) },
];
for (const { name, reason, make } of absent) {
  test(`recipe 19: a root that is ${name} at the start is told, and watched when it is a directory`, async () => {
    await onRoot(
      async (follower, base) => {
        await follower.heard('root-lost');
        const [first] = follower.events;
        assert.ok(first?.kind === 'root-lost' && reason.test(first.reason), JSON.stringify(first));
        rmSync(`${base}/up/root`, { force: true });
        makeTree(`${base}/up/root`);
        await follower.heard('root-back');
        await follower.heard('covered');
        await follower.sees();
      },
      (base) => make(`${base}/up/root`),
    );
  });
}

const moves: readonly {
  name: string;
  reason: RegExp;
  lose: (base: string) => void;
  restore: (base: string) => void;
}[] = [
  {
    name: 'is renamed',
    reason: /does not exist/,
    lose: (base) => renameSync(`${base}/up/root`, `${base}/away`),
    restore: (base) => renameSync(`${base}/away`, `${base}/up/root`),
  },
  {
    name: 'goes with its parent',
    reason: /does not exist/,
    lose: (base) => renameSync(`${base}/up`, `${base}/away`),
    restore: (base) => renameSync(`${base}/away`, `${base}/up`),
  },
  {
    name: 'is replaced by a symlink',
    reason: /symbolic link|does not exist/,
    lose: (base) => sh('mv -T up/root away; ln -s ../away up/root', base),
    restore: (base) => sh('rm up/root; mv -T away up/root', base),
  },
  {
    name: 'is mounted over',
    reason: /another file system/,
    lose: (base) => sh('mount -t tmpfs none up/root', base),
    restore: (base) => sh('umount up/root', base),
  },
  {
    name: 'is replaced by an empty directory, and put back',
    reason: /another directory|does not exist/,
    lose: (base) => sh('mv up/root away; mkdir up/root', base),
    restore: (base) => sh('rmdir up/root; mv away up/root', base),
  },
  {
    name: 'is replaced by one that bears its mark',
    reason: /another directory|does not exist/,
    lose: (base) => sh('mv up/root away; mkdir up/root', base),
    restore: (base) => sh('mkdir -p up/root/x/y up/root/.csyncd', base),
  },
];
for (const { name, reason, lose, restore } of moves) {
  test(`recipe 19: a root that ${name} is lost without a deletion, and comes back`, async () => {
    await onRoot(async (follower, base) => {
      await loses(follower, reason, () => lose(base));
      restore(base);
      await comesBack(follower);
    });
  });
}

test('recipe 19: a root that is unmounted is lost, and mounted again comes back', async () => {
  await onRoot(
    async (follower, base) => {
      await loses(follower, /another file system/, () => sh('umount up/root', base));
      sh('mount -o loop image up/root', base);
      await comesBack(follower);
    },
    (base) => {
      sh('truncate -s 8M image; mkfs.ext4 -q image; mkdir up/root; mount -o loop image up/root', base);
      makeTree(`${base}/up/root`);
      mkdirSync(`${base}/up/root/.csyncd`);
    },
  );
});

test('recipe 19: a root that was removed and made anew stays lost until the watcher is started anew', async () => {
  await onRoot(async (follower, base) => {
    await follower.heard('covered');
    sh('rm -rf up/root; mkdir -p up/root/other', base);
    await follower.heard('root-lost');
    await follower.watcher.stop();
    assert.equal(follower.count('root-back'), 0);
    const anew = new Follower(`${base}/up/root`);
    try {
      await anew.heard('covered');
      await anew.sees();
    } finally {
      await anew.watcher.stop();
    }
  });
});

test('recipe 20: what is mounted inside the root is seen, and what is below when it goes', async () => {
  await onRoot(async (follower, base) => {
    await follower.heard('covered');
    sh('mount -t tmpfs none up/root/d', base);
    try {
      await follower.heard('covered', 2);
      mkdirSync(`${base}/up/root/d/in/side`, { recursive: true });
      await follower.sees();
    } finally {
      sh('umount up/root/d', base);
    }
    await follower.heard('covered', 3);
    await follower.sees();
  });
});
