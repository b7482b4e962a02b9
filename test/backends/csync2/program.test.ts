import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { progressOf } from '../../../src/backends/csync2/progress.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { until } from '../../kit/cluster/until.ts';
import { Csync2Host, PORT } from './hosts.ts';

describe('a run of csync2', () => {
  const host = new Csync2Host();
  host.configure([host, new Csync2Host()]);

  it('takes paths that are any bytes', async () => {
    const names = ['plain', 'with blank', 'caf\xe9', 'line\nbreak', '-r', 'qu"o\'te$'];
    for (const name of names) host.write(name, 'x');
    const lines: string[] = [];
    const paths = names.map((name) => join(host.root, name));
    const { exitCode, stderr } = await host.program().run({
      args: ['-v', '-c'],
      paths,
      onLine: (line) => lines.push(line),
    });
    assert.equal(exitCode, 0);
    assert.deepEqual(stderr, [], 'what was handed over is not collected');
    const marked = lines.join('\n');
    for (const name of names) assert.ok(marked.includes(`Marking file as dirty: %p%/${name}\n`), name);
  });

  it('splits long lists of paths', async () => {
    const long = 'n'.repeat(200);
    const names = Array.from({ length: 3500 }, (_, index) => `many/${long}${index}`);
    for (const name of names) host.write(name, '');
    const { exitCode, stderr } = await host
      .program()
      .run({ args: ['-v', '-c'], paths: names.map((name) => join(host.root, name)) });
    assert.equal(exitCode, 0);
    assert.equal(stderr.filter((line) => line.startsWith('Marking file as dirty: ')).length, 3500);
    assert.ok(stderr.filter((line) => line === 'Connection closed.').length > 1, 'more than one run');
  });

  it('runs nothing for no paths', async () => {
    assert.equal(
      (await host.program({ binary: '/nonexistent' }).run({ args: ['-c'], paths: [] })).exitCode,
      0,
    );
  });

  it('hands on csync2’s exit code, also below xargs', async () => {
    const program = host.program();
    assert.equal((await program.run({ args: ['-H'] })).exitCode, 2);
    const bad = host.program({ databaseDir: '/nonexistent' });
    for (const run of [{ args: ['-cr', '/'] }, { args: ['-cr'], paths: ['/'] }]) {
      const { exitCode, stderr } = await bad.run(run);
      assert.equal(exitCode, 1);
      assert.match(stderr.join('\n'), /^Can't open database: /);
    }
  });

  it('waits for a database that is locked', async () => {
    await host.check();
    const lock = locked(host);
    const run = host.program().run({ args: ['-L'] });
    await until('csync2 waits', () => csync2Processes(host.dir).length > 0);
    lock.exec('ROLLBACK');
    assert.equal((await run).exitCode, 0);
  });

  it('says when a database stays locked', async () => {
    const runs = join(host.dir, 'runs');
    const busy = 'Database backend is exceedingly busy => Terminating (requesting retry).';
    const binary = script('busy', `echo run >> ${runs}; echo '${busy}' >&2; exit 1`);
    await assert.rejects(host.program({ binary }).run({ args: ['-L'] }), { code: 'csync2-busy' });
    assert.ok(fs.readFileSync(runs, 'utf8').split('run').length > 2, 'not at the first try');
  });

  for (const viaXargs of [false, true]) {
    it(`ends with everything it started when it is aborted${viaXargs ? ', below xargs' : ''}`, async () => {
      const lock = locked(host);
      const abort = new AbortController();
      const paths = viaXargs ? { paths: [host.root] } : {};
      const run = host.program().run({ args: ['-cr'], ...paths, signal: abort.signal });
      const pids = await until('it runs', () => {
        const found = csync2Processes(host.dir);
        return found.length === (viaXargs ? 2 : 1) && found;
      });
      abort.abort();
      await assert.rejects(run, { name: 'AbortError' });
      assert.ok(
        pids.every((pid) => progressOf(Number(pid)) === null),
        'all have ended',
      );
      lock.close();
    });
  }

  it('explains the kill switch', async () => {
    const file = host.program().killSwitch();
    fs.writeFileSync(file, '');
    const message = new RegExp(`^${file} is there`);
    await assert.rejects(host.program().run({ args: ['-L'] }), { code: 'csync2-locked', message });
    await assert.rejects(host.program().run({ args: ['-c'], paths: ['/'] }), { code: 'csync2-locked' });
    assert.match(await host.program().checkVersion(), /^2\./);
    fs.rmSync(file);
  });
});

describe('a run whose peer says nothing', () => {
  const host = new Csync2Host();
  const peer = new Csync2Host();
  host.configure([host, peer]);
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket)).listen(PORT, peer.address);
  after(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const args = ['-v', '-u', '-P', peer.address];

  it('is reported as stalled and later killed', async () => {
    host.write('f', 'x');
    await host.check();
    let stalls = 0;
    const result = await host.program({ stallMs: 200, killMs: 1000 }).run({ args, onStall: () => stalls++ });
    assert.equal(stalls, 1);
    assert.equal(result.isGivenUp, true);
    assert.equal(result.exitCode, null);
  });
});

describe('csync2’s version', () => {
  const host = new Csync2Host();
  const dir = makeTempDir();
  const check = (binary: string) => host.program({ binary }).checkVersion();

  it('is read from the real one', async () => {
    assert.equal(await check('csync2'), '2.1-0rc1');
  });

  it('is refused when it is too old, unknown, or when there is no binary', async () => {
    await assert.rejects(check(script('old', 'echo "csync2 1.34 - cluster synchronization tool"')), {
      code: 'csync2-too-old',
    });
    await assert.rejects(check(script('other', 'echo hello')), { code: 'csync2-unusable' });
    await assert.rejects(check(dir), { code: 'csync2-unusable' });
    await assert.rejects(check('/nonexistent/csync2'), { code: 'csync2-missing' });
    const program = host.program({ binary: '/nonexistent/csync2' });
    await assert.rejects(program.run({ args: ['-L'] }), { code: 'csync2-missing' });
    await assert.rejects(program.run({ args: ['-c'], paths: ['/'] }), { code: 'csync2-missing' });
    await assert.rejects(host.program({ binary: dir }).run({ args: ['-c'], paths: ['/'] }), {
      code: 'csync2-unusable',
    });
  });
});

function script(name: string, text: string): string {
  const file = join(makeTempDir(), name);
  fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

function locked(host: Csync2Host): DatabaseSync {
  const database = new DatabaseSync(host.databaseFile);
  database.exec('BEGIN EXCLUSIVE');
  return database;
}

/** Processes of csync2 whose system directory is this one. */
function csync2Processes(dir: string): string[] {
  return fs.readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return fs
        .readFileSync(`/proc/${pid}/environ`, 'latin1')
        .split('\0')
        .includes(`CSYNC2_SYSTEM_DIR=${dir}`);
    } catch {
      return false;
    }
  });
}
