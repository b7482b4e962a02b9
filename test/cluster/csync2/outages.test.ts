/** Peers that are gone, slow or wrong, behind csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

test('a peer that is down delays nobody, and gets everything when it is back', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  a.put('kept', 'x');
  a.put('gone', 'x');
  await made.converged();

  await t.test('stopped', async () => {
    await c.stop();
    a.put('while-away', 'x');
    a.remove('gone');
    await made.converged([a, b]);
    await until(
      'a shows what it owes',
      async () => ((await a.status())?.groups['web']?.peers['c']?.pending_files ?? 0) >= 2,
    );
    await c.start();
    await made.converged();
    assert.ok(!c.exists('gone'));
  });

  await t.test('its cable pulled', async () => {
    made.cable('c', 'down');
    for (let turn = 0; turn < 3; turn += 1) {
      a.put('pulled', `${turn}`);
      const start = performance.now();
      await until('b has it', () => b.read('pulled') === `${turn}`);
      assert.ok(performance.now() - start < 20_000, 'it waited for the peer that is gone');
    }
    await until(
      'a knows that c is gone',
      async () => (await a.status())?.groups['web']?.peers['c']?.state === 'down',
    );
    made.cable('c', 'up');
    await made.converged();
  });

  await t.test('changed while it was down itself', async () => {
    await b.stop();
    b.put('offline', 'made while the daemon was down');
    b.remove('kept');
    await b.start();
    await made.converged();
    assert.ok(!a.exists('kept'));
  });

  await t.test('killed', async () => {
    await a.kill9();
    b.put('while-a-was-dead', 'x');
    await made.converged([b, c]);
    await a.start();
    await made.converged();
  });

  await made.proveEqual();
});

test('a file that a peer cannot take is shown, kept apart from others, and sent when it can be', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], mapping: { exclude: ['keep-*'] } });
  const { a, b } = made.nodes;
  a.mkdir('dir');
  await made.converged();
  // csync2 cannot remove a directory in which the peer keeps an excluded file.
  b.put('dir/keep-me', 'x');
  a.remove('dir');
  a.put('other', 'x');
  await until('the other file is there', () => b.exists('other'));
  await until('status shows the failure', async () => {
    const status = await a.cli('status', '--json');
    return status.code === 1 && status.stdout.includes('not empty');
  });
  const waited = await a.cli('sync', '--wait', '--timeout', '1s');
  assert.equal(waited.code, 2);
  assert.match(waited.stdout + waited.stderr, /b/);
  b.remove('dir/keep-me');
  await until('it is removed in the end', () => !b.exists('dir'));
  await made.proveEqual();
});

test('no csync2: the group says so, and starts by itself when it is there', async (t) => {
  const made = await csync2Cluster(t, {
    nodes: ['a', 'b'],
    group: { csync2: { binary: '/nonexistent/csync2' } },
    start: false,
  });
  const { a } = made.nodes;
  a.launch();
  await until('status tells', async () => {
    const status = await a.cli('status');
    return (
      status.code === 1 && /csync2/.test(status.stdout) && /apt-get install csync2|binary/.test(status.stdout)
    );
  });
  const doctor = await a.cli('doctor');
  assert.equal(doctor.code, 1);
  assert.match(doctor.stdout, /apt-get install csync2|binary/);
  assert.ok(fs.existsSync(a.place.stateDir));
});
