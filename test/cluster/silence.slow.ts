import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const WINDOW_S = 60;
/** To each of two peers every 5 s: a heartbeat and its answer, each a TLS record in a TCP segment that is acknowledged. */
const HEARTBEAT_PACKETS_PER_S = (2 * 2 * 2 * 2) / 5;
/** What the kernels ask each other about neighbours and multicast. */
const OTHER_PACKETS_PER_S = 0.5;
const PACKET_BYTES = 160;

test('60 s after the last change: no bytes but heartbeats, no writes, under 1 % of a core', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  for (let i = 0; i < 1000; i++) made.nodes.a.put(`dir-${i % 10}/file-${i}`, `${i}`);
  await made.converged();
  made.nodes.b.rename('dir-0', 'renamed');
  made.nodes.c.remove('dir-1');
  await made.proveEqual();
  // Silence is a matter of time: the one place where waiting is the test.
  await pause(WINDOW_S * 1000);
  const before = made.all.map(spent);
  await pause(WINDOW_S * 1000);
  for (const [index, node] of made.all.entries()) {
    const [from, to] = [before[index] ?? spent(node), spent(node)];
    const rate = (key: 'packets' | 'wireBytes' | 'cpuSeconds') => (to[key] - from[key]) / WINDOW_S;
    const [packets, bytes, cores] = [rate('packets'), rate('wireBytes'), rate('cpuSeconds')];
    t.diagnostic(
      `${node.name}: ${packets.toFixed(1)} packets/s, ${bytes.toFixed(0)} bytes/s, ` +
        `${(cores * 100).toFixed(2)} % of a core in ${to.processes.length} processes`,
    );
    assert.deepEqual(to.processes, from.processes);
    assert.equal(to.processes.length, 2, 'the daemon and its watch host');
    const limit = HEARTBEAT_PACKETS_PER_S + OTHER_PACKETS_PER_S;
    assert.ok(packets <= limit, `${node.name}: ${packets} packets/s on the wire`);
    assert.ok(bytes < limit * PACKET_BYTES, `${node.name}: ${bytes} bytes/s on the wire`);
    assert.equal(to.writtenBytes - from.writtenBytes, 0, `${node.name}: bytes written`);
    assert.deepEqual(to.files, from.files, `${node.name}: files changed`);
    assert.ok(cores < 0.01, `${node.name}: ${(cores * 100).toFixed(2)} % of a core`);
  }
  await made.proveEqual();
});

function spent(node: ClusterNode) {
  const usage = node.usage();
  const { sentBytes, receivedBytes, sentPackets, receivedPackets } = node.traffic();
  return {
    processes: usage.map(({ pid }) => pid),
    cpuSeconds: usage.reduce((sum, each) => sum + each.cpuSeconds, 0),
    writtenBytes: usage.reduce((sum, each) => sum + each.writtenBytes, 0),
    wireBytes: sentBytes + receivedBytes,
    packets: sentPackets + receivedPackets,
    files: filesBelow(node.place.dir),
  };
}

/** Everything that the node has on its disk, the log, the state and the mapping's hidden directory too: size and change time. */
function filesBelow(dir: string): string[] {
  return fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, ctimeNs } = fs.lstatSync(join(dir, name), { bigint: true });
    return `${name} ${size} ${ctimeNs}`;
  });
}
