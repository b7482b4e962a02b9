import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { bursts } from './bursts.ts';
import { until, watching } from './follower.ts';
import { makeTree } from './make-tree.ts';

function outside(): string {
  return mkdtempSync(`${tmpdir()}/csyncd-watch-outside-`);
}

const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8' });

test('single files: create, append, truncate, chmod, link, symlink, rename, delete', async () => {
  await watching(
    async (follower, root) => {
      const steps = [
        () => writeFileSync(`${root}/f`, 'one'),
        () => writeFileSync(`${root}/f`, 'two', { flag: 'a' }),
        () => truncateSync(`${root}/f`, 2),
        () => chmodSync(`${root}/f`, 0o600),
        () => linkSync(`${root}/f`, `${root}/hard`),
        () => symlinkSync('nowhere', `${root}/soft`),
        () => renameSync(`${root}/f`, `${root}/dir/g`),
        () => unlinkSync(`${root}/soft`),
      ];
      for (const step of steps) {
        step();
        await follower.converged();
      }
    },
    (root) => mkdirSync(`${root}/dir`),
  );
});

test('recipe 1: mkdir -p with files at once, in process and from a shell, leaves nothing unseen', async () => {
  await watching(async (follower, root) => {
    for (let run = 0; run < 50; run += 1) {
      mkdirSync(`${root}/in${run}/b/c`, { recursive: true });
      for (const dir of ['', '/b', '/b/c']) writeFileSync(`${root}/in${run}${dir}/f`, 'x');
      sh(`mkdir -p sh${run}/b/c; echo x > sh${run}/f; echo x > sh${run}/b/f; echo x > sh${run}/b/c/f`, root);
      if (run % 10 === 9) await follower.converged();
    }
    await follower.sees();
  });
});

test('recipe 2: cp -r, a tree moved in, cp to a temporary name and mv', async () => {
  const source = outside();
  makeTree(source, 20, 10);
  await watching(async (follower, root) => {
    sh(`cp -r ${source} copied`, root);
    cpSync(source, `${root}/own`, { recursive: true });
    await follower.converged();
    sh(`cp -r ${source} .tmp; mv .tmp final`, root);
    await follower.converged();
    renameSync(source, `${root}/moved`);
    await follower.sees();
  });
});

test('recipe 2: tar x of 5,000 files in 500 directories', async () => {
  const source = outside();
  for (let d = 0; d < 500; d += 1) {
    mkdirSync(`${source}/t/d${d % 50}/e${d}`, { recursive: true });
    for (let f = 0; f < 10; f += 1) writeFileSync(`${source}/t/d${d % 50}/e${d}/f${f}`, `${d} ${f}`);
  }
  sh('tar cf t.tar t', source);
  await watching(async (follower, root) => {
    sh(`tar xf ${source}/t.tar`, root);
    await follower.sees();
    sh('rm -r t', root);
    await follower.converged();
  });
  rmSync(source, { recursive: true });
});

test('recipe 2: git checkout back and forth', async () => {
  const git = 'git -c user.name=t -c user.email=t@t -c init.defaultBranch=main';
  await watching(
    async (follower, root) => {
      for (const branch of ['main', 'other', 'main', 'other']) {
        sh(`git checkout -q ${branch}`, `${root}/repo`);
        await follower.converged();
      }
      await follower.sees();
    },
    (root) => {
      mkdirSync(`${root}/repo`);
      sh(`${git} init -q . && echo base > base && git add . && ${git} commit -q -m base`, `${root}/repo`);
      sh('git checkout -q -b other', `${root}/repo`);
      makeTree(`${root}/repo`, 30, 20);
      sh(`git add . && ${git} commit -q -m other && git checkout -q main`, `${root}/repo`);
    },
  );
});

test('recipe 3: a directory is renamed, then written to deep inside', async () => {
  await watching(
    async (follower, root) => {
      renameSync(`${root}/x`, `${root}/y`);
      writeFileSync(`${root}/y/d0/sub/new`, 'at once');
      await follower.converged();
      writeFileSync(`${root}/y/d0/sub/new`, 'and later');
      await follower.converged();
      sh('mv y x; mv x z; echo 1 > z/d1/sub/new; mv z/d1 z/d0/sub/d1', root);
      await follower.sees();
    },
    (root) => makeTree((mkdirSync(`${root}/x`), `${root}/x`), 3, 4),
  );
});

test('recipe 4: two directories are swapped', async () => {
  await watching(
    async (follower, root) => {
      for (let run = 0; run < 10; run += 1) {
        sh('mv a t; mv b a; mv t b', root);
        await follower.converged();
      }
      await follower.sees();
    },
    (root) => {
      for (const dir of ['a', 'b'])
        makeTree((mkdirSync(`${root}/${dir}`), `${root}/${dir}`), 3, dir === 'a' ? 4 : 7);
    },
  );
});

test('recipe 5: what was moved out of the tree is not heard of again', async () => {
  const away = outside();
  await watching(
    async (follower, root) => {
      renameSync(`${root}/x`, `${away}/x`);
      await follower.converged();
      follower.takeHints();
      for (const dir of ['', '/d0', '/d0/sub']) writeFileSync(`${away}/x${dir}/late`, 'outside');
      // Events are in order: when this one is heard, those of the moved directory have been.
      writeFileSync(`${root}/mark`, '');
      const hints: { path: string }[] = [];
      await until(
        () => (hints.push(...follower.takeHints()), hints.some((hint) => hint.path === 'mark')),
        () => 'no hint for the mark',
      );
      assert.deepEqual(
        hints.filter((hint) => hint.path.startsWith('x')),
        [],
      );
      await follower.sees();
    },
    (root) => makeTree((mkdirSync(`${root}/x`), `${root}/x`), 3, 4),
  );
  rmSync(away, { recursive: true });
});

test('recipe 6: file to directory and back, rmdir and mkdir of the same name', async () => {
  await watching(
    async (follower, root) => {
      for (let run = 0; run < 5; run += 1) {
        sh('rm f; mkdir f; echo 1 > f/g', root);
        await follower.converged();
        sh('rm -r f; echo 2 > f', root);
        await follower.converged();
        rmdirSync(`${root}/d`);
        mkdirSync(`${root}/d`);
        writeFileSync(`${root}/d/in`, 'new');
        await follower.sees(['d']);
        sh('rm d/*', root);
      }
    },
    (root) => {
      writeFileSync(`${root}/f`, '');
      mkdirSync(`${root}/d`);
    },
  );
});

test('recipe 7: changes that cancel each other out on the way', async () => {
  await watching(
    async (follower, root) => {
      for (let run = 0; run < 10; run += 1) {
        for (const name of ['a', 'b', 'c', 'd']) writeFileSync(`${root}/dir/${name}`, `${run}`);
        await follower.converged();
        sh('echo new > t; mv t a; rm a; echo new > t; mv t b; mv b ../b; mv c n1; rm n1', `${root}/dir`);
        await follower.converged();
      }
      sh('mkdir empty full; echo 1 > full/f; mv -T full empty; rm empty/f; rmdir empty', root);
      await follower.sees();
    },
    (root) => mkdirSync(`${root}/dir`),
    // What cancelled out without a trace is found by the sweep.
    { sweepMs: 500 },
  );
});

test('recipe 22: names that are not UTF-8, with newlines, of 255 bytes', async () => {
  const names = [
    'b\xff\xfea',
    'b\xfe\xffa',
    'new\nline',
    'x'.repeat(255),
    '*[glob]?',
    'caf\xc3\xa9',
    ' - % ',
  ];
  await watching(
    async (follower) => {
      for (const name of names) {
        mkdirSync(follower.absolute(`later-${name}`.slice(0, 255)));
        writeFileSync(follower.absolute(`later-${name}`.slice(0, 255) + '/f'), 'x');
        writeFileSync(follower.absolute(`old-${name}`.slice(0, 255) + '/in place'), 'changed');
        writeFileSync(follower.absolute(`file-${name}`.slice(0, 255)), 'x');
      }
      await follower.converged();
      for (const name of names) {
        writeFileSync(follower.absolute(`file-${name}`.slice(0, 255)), 'changed in place');
        await follower.converged();
      }
      await follower.sees();
    },
    (root) => {
      for (const name of names) {
        const dir = Buffer.from(`${root}/${`old-${name}`.slice(0, 255)}`, 'latin1');
        mkdirSync(dir);
        writeFileSync(Buffer.concat([dir, Buffer.from('/in place')]), '');
      }
    },
  );
});

test('what the rules exclude, and the reserved directory, are not heard of', async () => {
  await watching(
    async (follower, root) => {
      writeFileSync(`${root}/cache/f`, 'x');
      writeFileSync(`${root}/.csyncd/f`, 'x');
      writeFileSync(`${root}/note.tmp`, 'x');
      mkdirSync(`${root}/deep/er/cache/below`, { recursive: true });
      writeFileSync(`${root}/deep/er/cache/below/f`, 'x');
      writeFileSync(`${root}/deep/mark`, '');
      const hints: { path: string }[] = [];
      await until(
        () => (hints.push(...follower.takeHints()), hints.some((hint) => hint.path === 'deep')),
        () => 'no hint for the new directory',
      );
      assert.deepEqual(
        hints.filter((hint) => /cache|csyncd|tmp/.test(hint.path)),
        [],
      );
    },
    (root) => {
      for (const dir of ['cache', '.csyncd']) mkdirSync(`${root}/${dir}`);
    },
    { exclude: ['cache/', '*.tmp'] },
  );
});

test('recipe 8: bursts of new files, then of changes in place, which no mtime of a directory shows', () =>
  bursts(4_000));

test('more busy directories than have a patch of their own', async () => {
  await watching(
    async (follower) => {
      await follower.sees();
      await follower.sees();
    },
    (root) => {
      for (let d = 0; d < 1_200; d += 1) mkdirSync(`${root}/d${d % 40}/e${d}`, { recursive: true });
    },
  );
});
