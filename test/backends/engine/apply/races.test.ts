import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { codeOf } from '../../../../src/util/errors.ts';
import { change, dir, file, Ground, NOTHING, write } from './fixture.ts';
import type { Raced } from './racer.ts';

const RACER = fileURLToPath(new URL('racer.ts', import.meta.url));
/** How long the others are at it. Nothing is asserted about how much they get done. */
const RACE_MS = 1500;

let ground: Ground;
beforeEach(() => {
  ground = new Ground();
});
afterEach(() => {
  ground.close();
  for (const end of ['.stop', '.stop.outside'])
    rmSync(`${ground.root}${end}`, { recursive: true, force: true });
});

/** Runs `work` in a loop against other processes; returns what they did. */
async function race(modes: readonly string[], name: string, work: () => void): Promise<Raced[]> {
  const stop = `${ground.root}.stop`;
  const racers = modes.map((mode) => {
    const child = spawn(process.execPath, [RACER, mode, ground.at(name), stop], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    return { child, lines };
  });
  try {
    for (const { lines } of racers) await lines.next();
    const end = performance.now() + RACE_MS;
    while (performance.now() < end) {
      work();
      await new Promise((resolve) => setImmediate(resolve));
    }
    writeFileSync(stop, '');
    return await Promise.all(
      racers.map(async ({ child, lines }) => {
        const { value } = await lines.next();
        if (child.exitCode === null) await once(child, 'exit');
        return JSON.parse(String(value)) as Raced;
      }),
    );
  } finally {
    for (const { child } of racers) child.kill('SIGKILL');
  }
}

/** Everything that a file ever was and is, as the backup and the disk have it. */
function allVersions(name: string): string {
  const kept = readdirSync(ground.at('.csyncd/backup')).map((id) =>
    readFileSync(ground.backup(id), 'latin1'),
  );
  return [...kept, readFileSync(ground.at(name), 'latin1')].join('\n');
}

let version = 0;
const text = (): string => `v${version++} ${'x'.repeat(2000)}\n`;

/** A peer's change of whatever is there now; counts the outcomes. */
function replaceWhatIsThere(name: string, outcomes: Map<string, number>): void {
  const kind = outcomeOf(name);
  outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
}

function outcomeOf(name: string): string {
  const expected = ground.identity(name);
  return ground.one(write(name, text(), { expected, from: file('whatever'), backupId: `b${version}` })).kind;
}

function report(t: TestContext, outcomes: Map<string, number>, raced: readonly Raced[]): void {
  t.diagnostic(
    `${JSON.stringify(Object.fromEntries(outcomes))}, others: ${raced.map(({ rounds }) => rounds).join(' ')}`,
  );
}

describe('replacing a file that others are at', () => {
  for (const mode of ['append', 'log']) {
    it(`loses no line of a writer (${mode}), and a reader always finds a whole file (I8, I9)`, async (t) => {
      writeFileSync(ground.at('f'), text());
      const outcomes = new Map<string, number>();
      const [writer, reader] = await race([mode, 'read'], 'f', () => replaceWhatIsThere('f', outcomes));
      assert.ok(writer !== undefined && reader !== undefined);
      report(t, outcomes, [writer, reader]);
      assert.deepEqual(reader.problems, []);
      const found = new Set(allVersions('f').match(/line \d+/g));
      const lost = Array.from({ length: writer.rounds }, (_, line) => `line ${line}`).filter(
        (line) => !found.has(line),
      );
      assert.deepEqual(lost, []);
      assert.deepEqual(ground.temporaries(), []);
    });
  }

  it('loses no file that somebody renames onto the name meanwhile', async (t) => {
    writeFileSync(ground.at('f'), text());
    const outcomes = new Map<string, number>();
    const [writer] = await race(['replace'], 'f', () => replaceWhatIsThere('f', outcomes));
    assert.ok(writer !== undefined);
    report(t, outcomes, [writer]);
    const found = new Set(allVersions('f').match(/own \d+/g));
    const lost = Array.from({ length: writer.rounds }, (_, own) => `own ${own}`).filter(
      (own) => !found.has(own),
    );
    assert.deepEqual(lost, []);
  });
});

describe('a directory that is swapped for a symlink all the time', () => {
  it('never leads csyncd outside (I12)', async (t) => {
    const outside = `${ground.root}.stop.outside`;
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'old'), 'outside');
    mkdirSync(ground.at('d'));
    const outcomes = new Map<string, number>();
    let round = 0;
    const raced = await race(['swap'], 'd', () => {
      round++;
      const created = write(`d/f${round}`, 'x');
      const removed = change('d/old', NOTHING, {
        expected: 'no:such' as never,
        from: file('outside'),
        backupId: `b${round}`,
      });
      const changed = change('d', dir(0o777), { expected: 'no:such' as never, from: dir() });
      for (const { outcome } of ground.apply(created, removed, changed).results)
        outcomes.set(outcome.kind, (outcomes.get(outcome.kind) ?? 0) + 1);
    });
    report(t, outcomes, raced);
    assert.deepEqual(readdirSync(outside), ['old']);
    assert.equal(readFileSync(path.join(outside, 'old'), 'utf8'), 'outside');
  });
});

describe('races that need exact timing', () => {
  /** Calls `meanwhile` once, before or after the first call of a system call that `when` picks. */
  function around(
    call: 'rename' | 'link' | 'lstat',
    when: (args: readonly unknown[]) => boolean,
    at: 'before' | 'after',
    meanwhile: () => void,
  ): void {
    const real = ground.sys;
    let done = false;
    const wrapped = (...args: unknown[]): unknown => {
      const now = !done && when(args);
      done ||= now;
      if (now && at === 'before') meanwhile();
      const result = (real[call] as (...all: unknown[]) => unknown).apply(real, args);
      if (now && at === 'after') meanwhile();
      return result;
    };
    ground.sys = Object.assign(Object.create(real) as typeof real, { [call]: wrapped });
  }

  const isExchange = (args: readonly unknown[]): boolean => args[4] === 'exchange';

  beforeEach(() => writeFileSync(ground.at('f'), 'old'));
  const peers = (): ReturnType<typeof write> =>
    write('f', 'new', { expected: ground.identity('f'), from: file('old'), backupId: 'b1' });

  it('a write between the look and the exchange is an edit, in the backup', () => {
    around('rename', isExchange, 'before', () => writeFileSync(ground.at('f'), 'edited', { flag: 'r+' }));
    const outcome = ground.one(peers());
    assert.ok(outcome.kind === 'raced' && outcome.edit.kind === 'file');
    assert.equal(outcome.edit.sha256, file('edited').sha256);
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'new');
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'edited');
  });

  it('another file in its place before the exchange is an edit, in the backup', () => {
    around('rename', isExchange, 'before', () => {
      rmSync(ground.at('f'));
      writeFileSync(ground.at('f'), 'another');
    });
    const outcome = ground.one(peers());
    assert.ok(outcome.kind === 'raced' && outcome.edit.kind === 'file');
    assert.equal(outcome.edit.sha256, file('another').sha256);
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'another');
    assert.deepEqual(ground.temporaries(), []);
  });

  it('a directory in its place before the exchange goes back', () => {
    around('rename', isExchange, 'before', () => {
      rmSync(ground.at('f'));
      mkdirSync(ground.at('f/in'), { recursive: true });
    });
    assert.deepEqual(ground.one(peers()), { kind: 'stale' });
    assert.ok(existsSync(ground.at('f/in')));
    assert.ok(!existsSync(ground.backup('b1')));
    assert.deepEqual(ground.temporaries(), []);
  });

  it('a deletion before the exchange leaves nothing behind', () => {
    around('rename', isExchange, 'before', () => rmSync(ground.at('f')));
    assert.deepEqual(ground.one(peers()), { kind: 'stale' });
    assert.ok(!existsSync(ground.at('f')));
    assert.deepEqual(ground.temporaries(), []);
  });

  it('an edit right after the exchange is not taken for what was placed', () => {
    around('rename', isExchange, 'after', () => writeFileSync(ground.at('f'), 'at once'));
    const outcome = ground.one(peers());
    assert.ok(outcome.kind === 'done');
    assert.notEqual(outcome.identity, ground.identity('f'));
  });

  it('an edit while a file is being removed brings it back', () => {
    around(
      'rename',
      () => true,
      'before',
      () => writeFileSync(ground.at('f'), 'edited', { flag: 'r+' }),
    );
    const removal = change('f', NOTHING, {
      expected: ground.identity('f'),
      from: file('old'),
      backupId: 'b1',
    });
    assert.deepEqual(ground.one(removal), { kind: 'stale' });
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'edited');
    assert.ok(!existsSync(ground.backup('b1')));
  });

  it('an edit, and then a new file, while a file is being removed: both are kept', () => {
    around(
      'rename',
      () => true,
      'before',
      () => writeFileSync(ground.at('f'), 'edited', { flag: 'r+' }),
    );
    around(
      'lstat',
      (args) => args[1] === 'b1',
      'before',
      () => writeFileSync(ground.at('f'), 'newer'),
    );
    const removal = change('f', NOTHING, {
      expected: ground.identity('f'),
      from: file('old'),
      backupId: 'b1',
    });
    const outcome = ground.one(removal);
    assert.ok(outcome.kind === 'raced' && outcome.identity === null && outcome.edit.kind === 'file');
    assert.equal(outcome.edit.sha256, file('edited').sha256);
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'newer');
    assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'edited');
  });

  it('a name made in a directory that gives way to a file stops that', () => {
    mkdirSync(ground.at('d'));
    around('rename', isExchange, 'before', () => writeFileSync(ground.at('d/late'), 'x'));
    const outcome = ground.one(write('d', 'file', { expected: ground.identity('d'), from: dir() }));
    assert.ok(outcome.kind === 'failed' && outcome.code === 'not-empty');
    assert.equal(readFileSync(ground.at('d/late'), 'utf8'), 'x');
    assert.deepEqual(ground.temporaries(), []);
  });

  it('another file put in the place of one that is being moved stays where it is', () => {
    around(
      'rename',
      () => true,
      'before',
      () => {
        rmSync(ground.at('f'));
        writeFileSync(ground.at('f'), 'another');
      },
    );
    const content = {
      kind: 'local',
      path: 'f' as never,
      identity: ground.identity('f'),
      move: true,
    } as const;
    assert.deepEqual(ground.one(change('g', file('old'), { content })), { kind: 'stale' });
    assert.equal(readFileSync(ground.at('f'), 'utf8'), 'another');
    assert.ok(!existsSync(ground.at('g')));
  });
});

describe('without the newer system calls', () => {
  function deny(calls: { exchange?: string; link?: string }): void {
    const real = ground.sys;
    const fails = (code: string): never => {
      throw Object.assign(Object.create(Object.getPrototypeOf(sysError()) as object) as Error, {
        code,
        message: code,
      });
    };
    ground.sys = Object.assign(Object.create(real) as typeof real, {
      rename: (...args: Parameters<typeof real.rename>) =>
        args[4] === 'exchange' && calls.exchange !== undefined ? fails(calls.exchange) : real.rename(...args),
      link: (...args: Parameters<typeof real.link>) =>
        calls.link === undefined ? real.link(...args) : fails(calls.link),
    });
  }

  function sysError(): unknown {
    try {
      ground.sys.openDir(ground.fd, 'nowhere');
      return null;
    } catch (error) {
      assert.equal(codeOf(error), 'ENOENT');
      return error;
    }
  }

  for (const calls of [
    { exchange: 'EINVAL' },
    { link: 'EPERM' },
    { exchange: 'ENOSYS', link: 'EOPNOTSUPP' },
  ]) {
    it(`replaces, changes types and removes all the same (${JSON.stringify(calls)})`, () => {
      deny(calls);
      writeFileSync(ground.at('f'), 'old');
      const first = write('f', 'new', { expected: ground.identity('f'), from: file('old'), backupId: 'b1' });
      assert.deepEqual(ground.one(first), { kind: 'done', identity: ground.identity('f'), backedUp: true });
      assert.equal(readFileSync(ground.backup('b1'), 'utf8'), 'old');
      const second = change('f', dir(), {
        expected: ground.identity('f'),
        from: file('new'),
        backupId: 'b2',
      });
      assert.deepEqual(ground.one(second), { kind: 'done', identity: ground.identity('f'), backedUp: true });
      assert.equal(readFileSync(ground.backup('b2'), 'utf8'), 'new');
      const third = write('f', 'again', { expected: ground.identity('f'), from: dir() });
      assert.equal(ground.one(third).kind, 'done');
      const removal = change('f', NOTHING, {
        expected: ground.identity('f'),
        from: file('again'),
        backupId: 'b3',
      });
      assert.deepEqual(ground.one(removal), { kind: 'done', identity: null, backedUp: true });
      assert.equal(readFileSync(ground.backup('b3'), 'utf8'), 'again');
      assert.deepEqual(ground.temporaries(), []);
    });
  }
});
