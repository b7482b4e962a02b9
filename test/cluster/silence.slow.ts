import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const WINDOW_S = 60;
/** A heartbeat and its answer in TLS and TCP, to two peers, every few seconds. */
const HEARTBEAT_BYTES_PER_S = 400;

test('60 s after the last change: no bytes but heartbeats, no writes, under 1 % of a core', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'] });
  for (let i = 0; i < 1000; i++) made.nodes.a.put(`dir-${i % 10}/file-${i}`, `${i}`);
  await made.proveEqual();
  // Silence is a matter of time: the one place where waiting is the test.
  await pause(WINDOW_S * 1000);
  const before = made.all.map(spent);
  await pause(WINDOW_S * 1000);
  for (const [index, node] of made.all.entries()) {
    const [from, to] = [before[index] ?? spent(node), spent(node)];
    const bytes = (to.wireBytes - from.wireBytes) / WINDOW_S;
    assert.ok(bytes < HEARTBEAT_BYTES_PER_S, `${node.name}: ${bytes} bytes/s on the wire`);
    assert.equal(to.writtenBytes - from.writtenBytes, 0, `${node.name}: bytes written`);
    const share = (to.cpuSeconds - from.cpuSeconds) / WINDOW_S;
    assert.ok(share < 0.01, `${node.name}: ${(share * 100).toFixed(2)} % of a core`);
  }
});

function spent(node: ClusterNode) {
  const usage = node.usage();
  const { sentBytes, receivedBytes } = node.traffic();
  return {
    cpuSeconds: usage.reduce((sum, each) => sum + each.cpuSeconds, 0),
    writtenBytes: usage.reduce((sum, each) => sum + each.writtenBytes, 0),
    wireBytes: sentBytes + receivedBytes,
  };
}
