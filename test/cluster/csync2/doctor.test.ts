/** What `doctor` says of a group that csync2 serves, of each thing that an operator can get wrong. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly remedy: string | null;
}

/** Holds csync2's port from when it has written one file until it sees the other. */
const BLOCKER = `
const [ready, enough] = process.argv.slice(1);
const { existsSync, writeFileSync } = require('node:fs');
require('node:net').createServer().listen(30865, () => writeFileSync(ready, ''));
setInterval(() => existsSync(enough) && process.exit(), 50);
`;

/** What is not fine; what bears on inotify and disks is this machine's own. */
async function complaints(node: ClusterNode): Promise<Finding[]> {
  const { json } = await node.cli('doctor', '--json');
  const { findings } = json as { findings: Finding[] };
  return findings.filter(({ check, level }) => level !== 'ok' && check !== 'inotify' && check !== 'disk');
}

/** Waits until doctor says so, with this remedy. */
async function says(node: ClusterNode, check: string, message: RegExp, remedy: RegExp): Promise<void> {
  let last: readonly Finding[] = [];
  await until(
    `doctor on ${node.name} says ${message.source}`,
    async () => {
      last = await complaints(node);
      return last.some(
        (one) => one.check === check && message.test(one.message) && remedy.test(one.remedy ?? ''),
      );
    },
    { explain: () => JSON.stringify(last, null, 2) },
  );
}

test('doctor knows what csync2 needs', async (t) => {
  const binary = join(makeTempDir(), 'csync2');
  const program = (text: string): void => {
    fs.rmSync(binary, { force: true });
    fs.writeFileSync(binary, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  program('exec csync2 "$@"');
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], group: { csync2: { binary } } });
  const { a, b } = made.nodes;
  const dirOf = (node: ClusterNode): string => join(node.place.stateDir, 'csync2/web');
  const restart = async (node: ClusterNode): Promise<void> => {
    await node.stop();
    node.launch();
    await until(`${node.name} answers`, async () => (await node.status()) !== null);
  };

  await t.test('and is content when it has it', async () => {
    a.put('f', 'x');
    await made.converged();
    assert.deepEqual(await complaints(a), []);
  });

  await t.test('the peer’s port is csync2’s', async () => {
    await b.stop();
    // A peer to which nothing is owed is called every 30 s.
    a.put('while b is away', 'x');
    await says(a, 'peer', /^b \(web\) is not reached/, /listener/);
    await a.stop();
    await says(a, 'peer', /^b does not answer on .*:30865/, /csync2's listener/);
    await says(a, 'daemon', /./, /systemctl start csyncd/);
    await b.start();
    const left = await complaints(a);
    assert.deepEqual(
      left.map(({ check }) => check),
      ['daemon'],
    );
    await a.start();
    await made.connected();
  });

  await t.test('the kill switch', async () => {
    const lock = join(dirOf(a), 'csync2.lock');
    fs.writeFileSync(lock, '');
    await says(a, 'csync2', /csync2\.lock is there/, /^when .* over: rm .*csync2\.lock$/);
    fs.rmSync(lock);
    assert.deepEqual(await complaints(a), []);
  });

  await t.test('the key', async () => {
    const key = join(a.place.dir, 'web.key');
    fs.chmodSync(key, 0o644);
    await says(a, 'config', /web\.key is open to others/, /^chmod 0600/);
    fs.chmodSync(key, 0o600);
  });

  await t.test('a binary that is missing', async () => {
    fs.rmSync(binary);
    await restart(a);
    await says(a, 'config', /there is no program .*csync2$/, /apt-get install csync2/);
    await says(a, 'mapping', /the csync2 binary is not there.*apt-get install csync2/, /./);
  });

  await t.test('a binary that is too old', async () => {
    program('echo "csync2 1.34 - cluster synchronization tool, 2nd generation" >&2');
    await restart(a);
    await says(a, 'mapping', /csync2 1\.34; at least 2\.0 is needed; install a newer/, /./);
  });

  await t.test('a port that somebody else has', async () => {
    program('exec csync2 "$@"');
    await a.stop();
    const [ready, enough] = [join(a.place.dir, 'ready'), join(a.place.dir, 'enough')];
    const blocker = a.run(process.execPath, '-e', BLOCKER, ready, enough);
    await until('the port is taken', () => fs.existsSync(ready));
    a.launch();
    await says(a, 'mapping', /somebody else listens on .*:30865/, /./);
    fs.writeFileSync(enough, '');
    await blocker;
  });

  await t.test('and is content when all is mended', async () => {
    await until('nothing is wrong', async () => (await complaints(a)).length === 0);
    await made.proveEqual();
  });
});
