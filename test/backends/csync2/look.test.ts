/** A look against what a real csync2 finds, and against a disk that changes while it is looked at. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { DirtyPath } from '../../../src/backends/backend.ts';
import { coveringChecks, exactChecks } from '../../../src/backends/csync2/checks.ts';
import type { Tree } from '../../../src/backends/csync2/comparison.ts';
import type { Settling } from '../../../src/backends/csync2/confirm.ts';
import { removeLeftovers, type Leftover } from '../../../src/backends/csync2/leftovers.ts';
import { EVERYTHING, look, type Findings } from '../../../src/backends/csync2/look.ts';
import { SysError, type Sys } from '../../../src/sys/sys.ts';
import { CsyncdError } from '../../../src/util/errors.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import { Recorder, wallClock } from './recorder.ts';

const settling: Settling = { sessionsOpen: () => Promise.resolve(false), now: wallClock, user: null };
const entry = (path: string): DirtyPath => ({ path, scope: 'entry' });
const subtree = (path: string): DirtyPath => ({ path, scope: 'subtree' });

/** The differences as `what path`. */
function told({ differences }: Findings): string[] {
  return differences
    .map(({ path, was, is }) => `${was === null ? 'created' : is === null ? 'deleted' : 'changed'} ${path}`)
    .sort();
}

async function lookAt(
  tree: Tree,
  places: readonly DirtyPath[] = EVERYTHING,
  more: Partial<Settling> = {},
): Promise<Findings> {
  return look(tree, places, { ...settling, ...more }, AbortSignal.timeout(60_000));
}

/** d/one d/two d/e/three, file, all recorded. */
function recorded(config: { readonly isPrefixed?: boolean } = {}): Recorder {
  const recorder = new Recorder(config);
  fs.mkdirSync(recorder.at('d/e'), { recursive: true });
  for (const path of ['d/one', 'd/two', 'd/e/three', 'file']) recorder.write(path);
  recorder.record();
  return recorder;
}

describe('a look', () => {
  it('finds nothing where nothing differs, and what does whatever place it is told', async () => {
    const recorder = recorded();
    const tree = recorder.tree();
    assert.deepEqual(await lookAt(tree, [entry('file'), entry('never/was'), subtree('d')]), {
      differences: [],
      toForce: [],
      unseen: [],
      leftovers: [],
      again: [],
      errors: [],
    });
    recorder.write('d/one', 'longer');
    fs.rmSync(recorder.at('d/two'));
    recorder.write('d/e/new');
    fs.chmodSync(recorder.at('d/e'), 0o700);
    const all = ['changed d/e', 'changed d/one', 'created d/e/new', 'deleted d/two'];
    assert.deepEqual(told(await lookAt(tree)), all);
    assert.deepEqual(told(await lookAt(tree, [subtree('d')])), all);
    assert.deepEqual(told(await lookAt(tree, [{ path: 'd', scope: 'children' }])), [
      'changed d/e',
      'changed d/one',
      'deleted d/two',
    ]);
    assert.deepEqual(told(await lookAt(tree, [entry('d/one'), entry('d/e/new')])), [
      'changed d/one',
      'created d/e/new',
    ]);
  });

  it('takes a new directory whole, and a path in it as a sign of it', async () => {
    const recorder = recorded();
    fs.mkdirSync(recorder.at('n/m'), { recursive: true });
    recorder.write('n/m/file');
    for (const place of [
      entry('n'),
      entry('n/m/file'),
      subtree('n/m'),
      { path: '', scope: 'children' } as const,
    ]) {
      const found = await lookAt(recorder.tree(), [place]);
      assert.deepEqual(told(found), ['created n', 'created n/m', 'created n/m/file']);
      assert.deepEqual(coveringChecks(found.differences), { recursive: ['n'], exact: [] });
    }
  });

  it('does not look behind symlinks: what was in a directory that is one now is gone', async () => {
    const recorder = recorded();
    fs.renameSync(recorder.at('d'), `${recorder.dir}/moved`);
    fs.symlinkSync(`${recorder.dir}/moved`, recorder.at('d'));
    const all = ['changed d', 'deleted d/e', 'deleted d/e/three', 'deleted d/one', 'deleted d/two'];
    for (const place of [entry('d'), entry('d/e/three'), ...EVERYTHING]) {
      const found = await lookAt(recorder.tree(), [place]);
      assert.deepEqual(told(found), all);
      assert.deepEqual(coveringChecks(found.differences), { recursive: ['d'], exact: [] });
    }
    const { recursive } = coveringChecks((await lookAt(recorder.tree())).differences);
    const marked = recorder.marked(['-cr'], recursive);
    assert.deepEqual(
      marked.sort(),
      ['d', 'd/e', 'd/e/three', 'd/one', 'd/two'].map((path) => recorder.nameOf(path)),
    );
    assert.deepEqual(told(await lookAt(recorder.tree())), []);
  });

  it('leaves out what the rules do, also when it is recorded', async () => {
    const recorder = recorded();
    const selection = compileSelection({ exclude: ['/d/e/', 'o*'], include: [] });
    recorder.write('d/other');
    recorder.write('d/e/new');
    fs.rmSync(recorder.at('d/one'));
    fs.rmSync(recorder.at('d/e/three'));
    recorder.write('d/new');
    const places = [entry('d/e/three'), entry('d/one'), entry('d/other'), entry('d/new'), subtree('d/e')];
    for (const looked of [EVERYTHING, places])
      assert.deepEqual(told(await lookAt(recorder.tree({ selection }), looked)), ['created d/new']);
  });

  it('checks a directory that only changed itself without its content', async () => {
    const recorder = recorded();
    fs.chmodSync(recorder.at('d'), 0o700);
    recorder.write('new');
    fs.rmSync(recorder.at('d/e'), { recursive: true });
    const { differences } = await lookAt(recorder.tree());
    assert.deepEqual(coveringChecks(differences), { recursive: ['d/e', 'new'], exact: ['d'] });
    const kept = differences.filter(({ is }) => is !== null);
    assert.deepEqual(exactChecks(kept), { recursive: [], exact: ['d', 'new'] });
    assert.deepEqual(recorder.marked(['-c'], exactChecks(kept).exact).sort(), [
      recorder.nameOf('d'),
      recorder.nameOf('new'),
    ]);
    assert.deepEqual(told(await lookAt(recorder.tree())), ['deleted d/e', 'deleted d/e/three']);
  });

  it('checks no directory as a whole in which something is not to be told of yet', async () => {
    const recorder = recorded();
    fs.mkdirSync(recorder.at('n/m/k'), { recursive: true });
    for (const path of ['n/one', 'n/m/two', 'n/m/k/three', 'file', 'n/m/.two.a7B9cD'])
      recorder.write(path, 'new');
    const { differences, again } = await lookAt(recorder.tree(), [subtree('n'), entry('file')], {
      now: () => fs.statSync(recorder.at('n/m/.two.a7B9cD'), { bigint: true }).ctimeNs,
    });
    assert.deepEqual(again, [entry('n/m/.two.a7B9cD')]);
    const checks = coveringChecks(differences, again);
    assert.deepEqual(checks, { recursive: ['n/m/k', 'file', 'n/m/two', 'n/one'], exact: ['n', 'n/m'] });
    const marked = [...recorder.marked(['-cr'], checks.recursive), ...recorder.marked(['-c'], checks.exact)];
    assert.deepEqual(
      marked.sort(),
      ['file', 'n', 'n/m', 'n/m/k', 'n/m/k/three', 'n/m/two', 'n/one'].map((path) => recorder.nameOf(path)),
    );
  });

  it('without a database finds everything new', async () => {
    const recorder = new Recorder();
    recorder.write('file');
    assert.deepEqual(told(await lookAt(recorder.tree())), ['created ', 'created file']);
    assert.ok(await recorder.tree().table.isEmpty(recorder.rootName));
  });

  it('goes through more names than a page or a sort at once', async () => {
    const recorder = new Recorder();
    fs.mkdirSync(recorder.at('d'));
    for (let i = 0; i < 5000; i++) recorder.write(`d/${'long name '.repeat(4)}${i}`);
    recorder.record();
    assert.deepEqual(told(await lookAt(recorder.tree())), []);
    const gone = recorder.paths('d').filter((_, index) => index % 3 === 0);
    for (const path of gone) fs.rmSync(recorder.at(path));
    const all = gone.map((path) => `deleted ${path}`).sort();
    assert.deepEqual(told(await lookAt(recorder.tree())), all);
    assert.deepEqual(told(await lookAt(recorder.tree(), gone.map(entry))), all);
  });

  it('ends when it is aborted', async () => {
    const recorder = recorded();
    const reason = new CsyncdError('aborted', 'no longer wanted');
    const abort = new AbortController();
    for (let i = 0; i < 3000; i++) recorder.write(`file ${i}`);
    const looking = look(recorder.tree(), EVERYTHING, settling, abort.signal);
    abort.abort(reason);
    await assert.rejects(looking, reason);
  });
});

describe('a look never judges what it did not see', () => {
  it('a root that is missing, is another, or goes away meanwhile, is no empty tree', async () => {
    const recorder = recorded();
    const tree = recorder.tree();
    const away = `${recorder.root}.away`;
    const { dev, ino } = fs.statSync(recorder.root, { bigint: true });
    recorder.write('new');
    const replaceMeanwhile = (): Promise<boolean> => {
      fs.renameSync(recorder.root, away);
      return Promise.resolve(false);
    };
    await assert.rejects(lookAt(tree, EVERYTHING, { sessionsOpen: replaceMeanwhile }), { code: 'ENOENT' });
    await assert.rejects(lookAt(tree), { code: 'ENOENT' });
    await assert.rejects(lookAt(tree, [entry('file')]), { code: 'ENOENT' });
    fs.mkdirSync(recorder.root);
    await assert.rejects(lookAt({ ...tree, root: { dev, ino } }), { code: 'root-lost' });
    fs.rmdirSync(recorder.root);
    fs.symlinkSync(away, recorder.root);
    await assert.rejects(lookAt(tree), { code: 'ELOOP' });
  });

  it('what is in a directory that cannot be read is not gone', async () => {
    const recorder = recorded();
    const tree = recorder.tree();
    const sys: Sys = Object.assign(Object.create(tree.sys) as Sys, {
      openDir(at: number, path: string): number {
        if (path === 'd') throw new SysError('EACCES', 'open', path);
        return tree.sys.openDir(at, path);
      },
    });
    fs.rmSync(recorder.at('d/one'));
    recorder.write('file', 'changed');
    for (const places of [EVERYTHING, [subtree('d'), entry('d/one'), entry('file')]]) {
      const found = await lookAt({ ...tree, sys }, places);
      assert.deepEqual(told(found), ['changed file']);
      assert.deepEqual(found.again, [subtree('d')]);
      assert.deepEqual(
        found.errors.map(({ path, code }) => [path, code]),
        [['d', 'EACCES']],
      );
    }
  });

  it('what was not listed, and is there, is not gone', async () => {
    const recorder = recorded();
    const tree = recorder.tree();
    const sys: Sys = Object.assign(Object.create(tree.sys) as Sys, {
      listStat: (fd: number) => tree.sys.listStat(fd).filter(({ name }) => name !== 'two'),
    });
    const found = await lookAt({ ...tree, sys });
    assert.deepEqual(told(found), []);
    assert.deepEqual(found.again, [subtree('d/two')]);
  });

  it('what csync2 records while it is looked at is no difference', async () => {
    const recorder = recorded();
    recorder.write('file', 'applied');
    fs.rmSync(recorder.at('d/one'));
    recorder.write('d/left', 'a local edit');
    let calls = 0;
    const sessionsOpen = (): Promise<boolean> => {
      if (calls++ === 0) recorder.csync2(['-cI'], ['file', 'd/one']);
      return Promise.resolve(false);
    };
    assert.deepEqual(told(await lookAt(recorder.tree(), EVERYTHING, { sessionsOpen })), ['created d/left']);
    assert.equal(calls, 2);
  });

  it('while a session of a peer is open what is young waits', async () => {
    const recorder = recorded();
    recorder.write('file', 'applied');
    fs.rmSync(recorder.at('d/one'));
    const open = { sessionsOpen: () => Promise.resolve(true) };
    const found = await lookAt(recorder.tree(), EVERYTHING, open);
    assert.deepEqual(told(found), []);
    assert.deepEqual(found.again, [subtree('d/one'), entry('file')]);
    const later = { ...open, now: () => wallClock() + 10_000_000_000n };
    assert.deepEqual(told(await lookAt(recorder.tree(), EVERYTHING, later)), [
      'changed file',
      'deleted d/one',
    ]);
  });

  it('however old it is, as long as what a session did since the last commit is not committed', async () => {
    const recorder = recorded();
    recorder.write('file', 'applied');
    const session = new DatabaseSync(recorder.databaseFile);
    session.exec("BEGIN; INSERT INTO hint VALUES ('a', 0)");
    const tree = recorder.tree();
    const later = {
      sessionsOpen: () => Promise.resolve(true),
      now: () => wallClock() + 10_000_000_000n,
    };
    assert.deepEqual((await lookAt(tree, EVERYTHING, later)).again, [entry('file')]);
    assert.deepEqual(
      told(await lookAt(tree)),
      ['changed file'],
      'without a session it is csync2 of this node',
    );
    session.exec('COMMIT');
    assert.deepEqual(told(await lookAt(tree, EVERYTHING, later)), ['changed file']);
    session.close();
  });

  it('a temporary is looked at again, and is a file when it stays', async () => {
    const recorder = recorded();
    recorder.write('d/.one.a7B9cD');
    const found = await lookAt(recorder.tree(), [entry('d/.one.a7B9cD')]);
    assert.deepEqual(told(found), []);
    assert.deepEqual(found.again, [entry('d/.one.a7B9cD')]);
    const later = { now: () => wallClock() + 10_000_000_000n };
    assert.deepEqual(told(await lookAt(recorder.tree(), found.again, later)), ['created d/.one.a7B9cD']);
    fs.rmSync(recorder.at('d/.one.a7B9cD'));
    assert.deepEqual(await lookAt(recorder.tree(), found.again), {
      differences: [],
      toForce: [],
      unseen: [],
      leftovers: [],
      again: [],
      errors: [],
    });
  });

  it('a temporary that only csync2 can have written is none of anybody’s files, but one that was killed', async () => {
    const recorder = recorded();
    const [name, user] = ['d/.one.a7B9cD', { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }];
    const later = { now: () => wallClock() + 10_000_000_000n };
    const write = (): void => {
      fs.rmSync(recorder.at(name), { force: true });
      fs.writeFileSync(recorder.at(name), 'half of it', { mode: 0o600 });
    };
    const foundOf = async (more: Partial<Settling>): Promise<string> => {
      const found = await lookAt(recorder.tree(), EVERYTHING, { ...later, user, ...more });
      return [...told(found), ...found.again.map(() => 'again'), ...found.leftovers.map(() => 'left')].join();
    };
    write();
    assert.equal(await foundOf({}), 'left');
    assert.equal(await foundOf({ now: wallClock }), 'again');
    assert.equal(await foundOf({ sessionsOpen: () => Promise.resolve(true) }), 'again');
    assert.equal(await foundOf({ user: null }), `created ${name}`);
    const others: Readonly<Record<string, (file: Buffer) => void>> = {
      'another owner': (file) => fs.chownSync(file, 1234, user.gid),
      'another group': (file) => fs.chownSync(file, user.uid, 1234),
      'another mode': (file) => fs.chmodSync(file, 0o640),
      'a second name': (file) => fs.linkSync(file, `${recorder.dir}/second`),
      'a time that was set': (file) => fs.utimesSync(file, 1_700_000_000, 1_700_000_000),
    };
    for (const [what, change] of Object.entries(others)) {
      write();
      change(recorder.at(name));
      assert.equal(await foundOf({}), `created ${name}`, what);
    }
    write();
    recorder.csync2(['-cI'], [name]);
    recorder.write(name, 'longer than before');
    assert.equal(await foundOf({}), `changed ${name}`);
  });
});

describe('removing what csync2 left', () => {
  it('takes nothing that was touched since it was looked at', () => {
    const recorder = recorded();
    const tree = recorder.tree();
    for (const path of ['.a.aaaaaa', 'd/.b.bbbbbb', 'd/.c.cccccc']) recorder.write(path);
    const seen = (path: string): Leftover => {
      const { ino, ctimeNs } = fs.statSync(recorder.at(path), { bigint: true });
      return { path, ino, ctimeNs };
    };
    const leftovers: Leftover[] = [
      seen('.a.aaaaaa'),
      { ...seen('d/.b.bbbbbb'), ino: 1n },
      { ...seen('d/.c.cccccc'), ctimeNs: 1n },
      { path: 'gone/.d.dddddd', ino: 1n, ctimeNs: 1n },
    ];
    assert.deepEqual(removeLeftovers(tree, leftovers), ['.a.aaaaaa']);
    assert.ok(fs.existsSync(recorder.at('d/.b.bbbbbb')) && fs.existsSync(recorder.at('d/.c.cccccc')));
    const { dev } = fs.statSync(recorder.root, { bigint: true });
    assert.throws(() => removeLeftovers({ ...tree, root: { dev, ino: 1n } }, leftovers), {
      code: 'root-lost',
    });
  });
});
