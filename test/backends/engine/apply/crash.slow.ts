/** kill -9 at every system call that changes the disk, one after the other, until the scenario ends before it (I10). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { recover } from '../../../../src/backends/engine/apply/recover.ts';
import { AFTER, backupOf, BEFORE, changes, makeBefore, MANY, type Held } from './crash-scenario.ts';
import { Ground, kinds } from './fixture.ts';

const SCENARIO = fileURLToPath(new URL('crash-scenario.ts', import.meta.url));
const CALLS = [
  'renameat2',
  'linkat',
  'unlinkat',
  'mkdirat',
  'symlinkat',
  'pwrite64',
  'utimensat',
  'fchmod',
  'fsync',
  'syncfs',
] as const;
const POINTS_AT_MOST = 60;

/** Only a larger batch is flushed as a whole. */
function sizeFor(call: string): 'few' | 'many' {
  return call === 'syncfs' ? 'many' : 'few';
}

/** Whether the scenario was killed at the n-th such call. */
function killedAt(root: string, call: string, n: number): boolean {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${n}`];
  const run = spawnSync(
    'strace',
    ['-f', '-o', '/dev/null', ...inject, process.execPath, SCENARIO, root, sizeFor(call)],
    {
      encoding: 'utf8',
    },
  );
  if (run.signal === 'SIGKILL' || run.status === 137) return true;
  assert.equal(run.status, 0, run.stderr);
  return false;
}

function held(file: string): Held {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.isDirectory()) return 'dir';
  return stat.isSymbolicLink() ? `-> ${readlinkSync(file)}` : readFileSync(file, 'utf8');
}

function heldNow(ground: Ground): Record<string, Held> {
  return Object.fromEntries(Object.keys(AFTER).map((name) => [name, held(ground.at(name))]));
}

function check(ground: Ground, where: string): void {
  const intents = Object.keys(AFTER).map((name) => ({ path: name as never, backupId: backupOf(name) }));
  const { keptBackups } = recover(ground.sys, ground.fd, intents);
  assert.deepEqual(ground.temporaries(), [], `${where}: temporaries`);
  const now = heldNow(ground);
  for (const [name, before] of Object.entries(BEFORE)) {
    const there = now[name] ?? null;
    assert.ok(there === before || there === AFTER[name], `${where}: ${name} holds ${there}`);
    const isMoved = name === 'moved' && now['made/moved'] === before;
    if (there === before || before === null || before === 'dir' || isMoved) continue;
    assert.equal(held(ground.backup(backupOf(name))), before, `${where}: backup of ${name} (I8)`);
    assert.ok(keptBackups.includes(backupOf(name)), `${where}: backup of ${name} is kept`);
  }
  for (const name of MANY) {
    const there = held(ground.at(name));
    assert.ok(there === null || there === name, `${where}: ${name} holds ${there}`);
  }
  // What was not done is done now, and nothing is in its way.
  const again = ground.apply(...changes(ground, now));
  assert.ok(
    kinds(again.results).every((kind) => kind === 'done'),
    `${where}: ${kinds(again.results).join()}`,
  );
  assert.deepEqual(heldNow(ground), AFTER, where);
}

describe('a batch that is killed', () => {
  for (const call of CALLS) {
    it(`before any ${call}`, (t) => {
      for (let n = 1; ; n++) {
        assert.ok(n < POINTS_AT_MOST);
        const ground = new Ground({}, mkdtempSync(path.join(tmpdir(), 'csyncd-crash-')));
        try {
          makeBefore(ground);
          const killed = killedAt(ground.root, call, n);
          check(ground, `${call} ${n}`);
          if (killed) continue;
          assert.ok(n > 1, `the scenario never calls ${call}`);
          t.diagnostic(`${n - 1} points`);
          return;
        } finally {
          ground.close();
        }
      }
    });
  }
});
