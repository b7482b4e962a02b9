/** I12: whoever swaps names for symlinks while csyncd works leads it nowhere else. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SysError } from '../../src/sys/sys.ts';
import type { Fd, Sys } from '../../src/sys/sys.ts';
import { adapters } from './adapters.ts';

const BOUND_MS = 60_000;
/** Both sides of the race must have been seen this often. */
const SEEN = 200;

const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-swap-'));
const root = join(folder, 'root');
const outside = join(folder, 'outside');
for (const dir of [root, outside, join(root, 'real'), join(root, 'real/sub'), join(outside, 'sub')])
  fs.mkdirSync(dir);
fs.writeFileSync(join(root, 'real/sub/file'), 'inside');
fs.writeFileSync(join(outside, 'sub/file'), 'outside');
fs.symlinkSync(outside, join(root, 'link'));
// For the calls on one name: a file and a symlink to a file elsewhere.
const victim = join(outside, 'victim');
fs.writeFileSync(victim, 'victim', { mode: 0o600 });
fs.writeFileSync(join(root, 'name'), 'own');
fs.symlinkSync(victim, join(root, 'name-link'));

const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true });
});

async function swap(a: string, b: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'swapper.ts');
  const child = spawn(process.execPath, [script, root, a, b], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

/** Repeats a call until it went well, and was refused, often enough. */
function race(call: () => void, refusals: readonly string[]): void {
  const until = performance.now() + BOUND_MS;
  let done = 0;
  let refused = 0;
  while (done < SEEN || refused < SEEN) {
    assert.ok(performance.now() < until, `the race did not happen: ${done} done, ${refused} refused`);
    try {
      call();
      done++;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      assert.ok(refusals.includes(error.code), error.message);
      refused++;
    }
  }
}

function text(sys: Sys, fd: Fd): string {
  const buffer = Buffer.alloc(20);
  return buffer.toString('latin1', 0, sys.read(fd, buffer, 0));
}

/** Hands a descriptor on, closes it. */
function use<T>(sys: Sys, fd: Fd, body: (fd: Fd) => T): T {
  try {
    return body(fd);
  } finally {
    sys.close(fd);
  }
}

for (const { name, sys } of adapters()) {
  describe(`${name}: a directory that is swapped with a symlink`, () => {
    test('is entered as itself or not at all', async () => {
      const child = await swap('real', 'link');
      const at = sys.openRoot(root);
      const inside = fs.readdirSync(root).length;
      assert.equal(inside, 4);
      const refusals = ['ELOOP', 'ENOTDIR', 'EXDEV'];
      race(() => {
        use(sys, sys.openDir(at, 'real'), (dir) => {
          use(sys, sys.openDir(dir, 'sub'), (sub) => {
            use(sys, sys.openFile(sub, 'file'), (file) => assert.equal(text(sys, file), 'inside'));
          });
        });
      }, refusals);
      race(
        () => use(sys, sys.openFile(at, 'real/sub/file'), (file) => assert.equal(text(sys, file), 'inside')),
        refusals,
      );
      race(
        () => use(sys, sys.openDir(at, 'real/sub'), (sub) => assert.notEqual(sys.lstat(sub, 'file'), null)),
        refusals,
      );
      sys.close(at);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  });

  describe(`${name}: a name that is swapped with a symlink`, () => {
    test('no metadata of what it points to is touched', async () => {
      const before = fs.lstatSync(victim, { bigint: true });
      const child = await swap('name', 'name-link');
      const at = sys.openRoot(root);
      race(() => sys.chmodAt(at, 'name', 0o777), ['EOPNOTSUPP']);
      race(
        () => use(sys, sys.openFileRw(at, 'name'), (fd) => sys.write(fd, Buffer.from('xx'), 0)),
        ['ELOOP'],
      );
      const rounds = name === 'native' ? 2000 : 100;
      for (let i = 0; i < rounds; i++) {
        sys.lchown(at, 'name', 1234, 1234);
        sys.lutimes(at, 'name', 1n);
      }
      sys.close(at);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { mode, uid, gid, mtimeNs, ctimeNs } = fs.lstatSync(victim, { bigint: true });
      const was = {
        mode: before.mode,
        uid: before.uid,
        gid: before.gid,
        mtimeNs: before.mtimeNs,
        ctimeNs: before.ctimeNs,
      };
      assert.deepEqual({ mode, uid, gid, mtimeNs, ctimeNs }, was);
      assert.equal(fs.readFileSync(victim, 'latin1'), 'victim');
    });
  });
}
