import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createMetrics } from '../../src/control/metrics.ts';
import { openMetrics } from '../../src/control/server.ts';
import type { StatusReport } from '../../src/orchestrator/answers.ts';
import { canned, eventAt, FakeTrail } from '../kit/operations.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

describe('metrics', () => {
  it('say what the status says, and count the audit trail', async () => {
    const trail = new FakeTrail();
    const metrics = createMetrics(() => canned, trail);
    trail.happens(eventAt(1, 'a'));
    trail.happens(eventAt(2, 'b'));
    const lines = (await metrics.text()).split('\n');
    for (const line of [
      'csyncd_info{node="web1",version="1.2.3"} 1',
      'csyncd_state{state="ok"} 1',
      'csyncd_state{state="degraded"} 0',
      'csyncd_mapping_state{group="web",mapping="shared",state="ok"} 1',
      'csyncd_mapping_state{group="web",mapping="shared",state="held"} 0',
      'csyncd_mapping_files{group="web",mapping="shared"} 12345',
      'csyncd_mapping_conflicts{group="web",mapping="shared"} 0',
      'csyncd_watch_directories{group="web",mapping="shared"} 10',
      'csyncd_watch_host_restarts_total{group="web",mapping="shared"} 0',
      'csyncd_peer_state{group="web",peer="web3",state="down"} 1',
      'csyncd_peer_lag_seconds{group="web",peer="web3"} 90',
      'csyncd_peer_clock_skew_seconds{group="web",peer="web2"} 0.003',
      'csyncd_peer_config_match{group="web",peer="web2"} 1',
      'csyncd_events_total{group="web",mapping="shared",what="changed"} 2',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(
      !lines.some((line) => line.startsWith('csyncd_peer_clock_skew_seconds{group="web",peer="web3"')),
    );
  });

  it('forget what is gone from the config, and do not count twice', async () => {
    let report: StatusReport = canned;
    const metrics = createMetrics(() => report, new FakeTrail());
    await metrics.text();
    const twice = await metrics.text();
    assert.match(twice, /csyncd_watch_directories\{group="web",mapping="shared"\} 10\n/);
    report = { ...canned, groups: {} };
    assert.doesNotMatch(await metrics.text(), /mapping="shared"/);
  });
});

describe('the metrics address', () => {
  const serve = async (status: () => StatusReport) => {
    const port = await freePort();
    const metrics = createMetrics(status, new FakeTrail());
    const door = await openMetrics({ address: { host: '127.0.0.1', port }, metrics, status });
    return { door, port, url: `http://127.0.0.1:${port}` };
  };

  it('serves Prometheus text and health', async () => {
    const { door, url } = await serve(() => canned);
    const scrape = await fetch(`${url}/metrics`);
    assert.match(scrape.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await scrape.text(), /csyncd_info/);
    const health = await fetch(`${url}/healthz`);
    assert.deepEqual([health.status, await health.json()], [200, { node: 'web1', state: 'ok' }]);
    await door.close();
  });

  it('tells a load balancer to wait for the first look, not to leave for a peer that is down', async () => {
    let report: StatusReport = { ...canned, state: 'starting' };
    const { door, url } = await serve(() => report);
    assert.equal((await fetch(`${url}/healthz`)).status, 503);
    report = { ...canned, state: 'degraded' };
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    await door.close();
  });

  it('that is taken is refused with what to do', async () => {
    const { door, port } = await serve(() => canned);
    const metrics = createMetrics(() => canned, new FakeTrail());
    await assert.rejects(
      openMetrics({ address: { host: '127.0.0.1', port }, metrics, status: () => canned }),
      { code: 'metrics-address', hint: /free address/ },
    );
    await door.close();
  });
});
