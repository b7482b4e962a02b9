/** A group that csync2 serves, while its config changes under it. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { moveTo, reload, type GroupKeys } from '../../kit/csync2/config.ts';

test('what is owed follows a peer to another address, or goes with it', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'] });
  const { a, b, c } = made.nodes;
  a.put('f', 'x');
  a.put('gone', 'x');
  a.put('both', 'x');
  await made.converged();
  await made.settled();

  await t.test('another address', async () => {
    await c.stop();
    a.put('f', 'edited while c was away');
    a.put('both', 'edited while c was away');
    b.remove('gone');
    await made.converged([a, b]);
    await until('a owes c', async () => {
      return ((await a.status())?.groups['web']?.peers['c']?.pending_files ?? 0) >= 2;
    });
    c.put('own', 'written while c was away');
    await c.run('ip', 'address', 'add', '10.77.0.33/24', 'dev', 'eth0');
    await c.run('ip', 'address', 'delete', `${made.address('c')}/24`, 'dev', 'eth0');
    await c.run('ip', 'address', 'add', '10.77.0.33/24', 'dev', 'eth0').catch(() => null);
    for (const node of made.all) await reload(node, moveTo('10.77.0.33', 'c'));
    await c.start();
    b.put('both', 'edited once more by b, younger');
    await made.converged();
    assert.equal(c.read('both'), 'edited once more by b, younger');
    assert.ok(!c.exists('gone') && a.exists('own'));
  });

  await t.test('no member any more', async () => {
    await c.stop();
    a.put('f', 'edited for nobody');
    await made.converged([a, b]);
    await until('a owes c', async () => {
      return ((await a.status())?.groups['web']?.peers['c']?.pending_files ?? 0) >= 1;
    });
    for (const node of [a, b])
      await reload(node, (group) => {
        group.hosts = group.hosts.filter(({ name }) => name !== 'c');
        for (const mapping of Object.values(group.mappings))
          delete (mapping['paths'] as Record<string, string>)['c'];
      });
    b.put('f', 'older, and no conflict all the same');
    fs.utimesSync(b.path('f'), 1_600_000_000, 1_600_000_000);
    await made.converged([a, b]);
    assert.equal(a.read('f'), 'older, and no conflict all the same');
    await made.proveEqual();
  });
});

test('a mapping comes and goes, the port and auto and exclude change', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], mappings: { one: {}, two: {} } });
  const { a, b } = made.nodes;
  const at = (node: ClusterNode, mapping: string, name: string): string =>
    join(node.place.roots[mapping] ?? '', name);
  fs.writeFileSync(at(a, 'one', 'f'), 'x');
  fs.writeFileSync(at(a, 'two', 'f'), 'x');
  await made.converged();
  const both = async (change: (group: GroupKeys) => void): Promise<void> => {
    for (const node of made.all) await reload(node, change);
  };

  await t.test('another port', async () => {
    await both((group) => {
      group['csync2'] = { ...(group['csync2'] as object), port: 30999 };
    });
    fs.writeFileSync(at(b, 'one', 'port'), 'x');
    await made.converged();
  });

  await t.test('exclude', async () => {
    await both(({ mappings }) => Object.assign(mappings['one'] ?? {}, { exclude: ['*.tmp'] }));
    fs.writeFileSync(at(a, 'one', 'x.tmp'), 'x');
    fs.writeFileSync(at(a, 'one', 'marker'), 'x');
    await until('the marker is there', () => fs.existsSync(at(b, 'one', 'marker')));
    assert.ok(!fs.existsSync(at(b, 'one', 'x.tmp')));
    await both(({ mappings }) => delete mappings['one']?.['exclude']);
    await until('it is no longer excluded', () => fs.existsSync(at(b, 'one', 'x.tmp')));
    await made.converged();
  });

  await t.test('what is excluded is deleted nowhere', async () => {
    fs.writeFileSync(at(a, 'one', 'y.tmp'), 'x');
    await made.converged();
    await both(({ mappings }) => Object.assign(mappings['one'] ?? {}, { exclude: ['*.tmp'] }));
    fs.rmSync(at(a, 'one', 'y.tmp'));
    fs.writeFileSync(at(a, 'one', 'marker2'), 'x');
    await until('the marker is there', () => fs.existsSync(at(b, 'one', 'marker2')));
    await a.restart();
    fs.writeFileSync(at(a, 'one', 'marker3'), 'x');
    await until('the marker is there', () => fs.existsSync(at(b, 'one', 'marker3')));
    assert.ok(fs.existsSync(at(b, 'one', 'y.tmp')));
    await both(({ mappings }) => delete mappings['one']?.['exclude']);
    await until('it comes back', () => fs.existsSync(at(a, 'one', 'y.tmp')));
    await made.converged();
  });

  await t.test('auto', async () => {
    await both((group) => {
      group['auto'] = 'left';
    });
    made.cut('a', 'b');
    fs.writeFileSync(at(a, 'one', 'c'), 'from a');
    fs.writeFileSync(at(b, 'one', 'c'), 'from b, longer');
    for (const [node, peer] of [
      [a, 'b'],
      [b, 'a'],
    ] as const)
      await until('it is owed', async () => {
        return ((await node.status())?.groups['web']?.peers[peer]?.pending_files ?? 0) > 0;
      });
    made.healAll();
    await made.converged();
    assert.equal(fs.readFileSync(at(b, 'one', 'c'), 'utf8'), 'from a');
  });

  await t.test('a mapping goes, and comes again', async () => {
    let gone: Record<string, unknown> = {};
    for (const node of made.all)
      await reload(node, ({ mappings }) => {
        gone = mappings['two'] ?? gone;
        delete mappings['two'];
      });
    fs.writeFileSync(at(a, 'two', 'f'), 'edited meanwhile');
    fs.writeFileSync(at(b, 'two', 'g'), 'made meanwhile');
    fs.writeFileSync(at(a, 'one', 'marker4'), 'x');
    await until('the other goes on', () => fs.existsSync(at(b, 'one', 'marker4')));
    for (const node of made.all)
      await reload(node, ({ mappings }) => {
        mappings['two'] = { ...gone, path: node.place.roots['two'] };
      });
    await made.converged();
    await made.proveEqual();
  });
});

test('paused mappings and peers stay so across restarts', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b', 'c'], mappings: { one: {}, two: {} } });
  const { a, b, c } = made.nodes;
  const put = (node: ClusterNode, mapping: string, name: string): void =>
    fs.writeFileSync(join(node.place.roots[mapping] ?? '', name), name);
  const has = (node: ClusterNode, mapping: string, name: string): boolean =>
    fs.existsSync(join(node.place.roots[mapping] ?? '', name));
  const must = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await a.cli(...args);
    assert.equal(code, 0, stderr);
  };
  await must('pause', '--peer', 'b', 'one');
  const rest = async (round: string): Promise<void> => {
    put(a, 'one', round);
    put(a, 'two', round);
    await until('the other mapping goes on', () => has(b, 'two', round));
    await until('the other peer gets both', () => has(c, 'one', round) && has(c, 'two', round));
    assert.ok(!has(b, 'one', round));
    assert.equal((await a.status())?.groups['web']?.peers['b']?.state, 'paused');
  };
  await rest('first');
  await a.restart();
  await rest('restarted');
  await b.kill9();
  await b.start();
  await rest('killed');
  await must('resume', '--peer', 'b', 'one');
  await made.converged();
  await must('pause', 'two');
  await a.kill9();
  await a.start();
  put(a, 'two', 'while paused');
  put(b, 'two', 'to one that is paused');
  put(a, 'one', 'other');
  await until('the other goes on', () => has(b, 'one', 'other') && has(c, 'two', 'to one that is paused'));
  assert.ok(!has(b, 'two', 'while paused') && !has(a, 'two', 'to one that is paused'));
  await must('resume', 'two');
  await made.converged();
  await made.proveEqual();
});
