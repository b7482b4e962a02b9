/** The metrics of a group that csync2 serves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

const ADDRESS = '127.0.0.1:9731';
const LABELS = 'group="web",mapping="shared"';

/** Each value by its name with its labels. */
async function scrape(node: ClusterNode): Promise<Map<string, number>> {
  const text = await node.run('curl', '-sf', `http://${ADDRESS}/metrics`);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('metrics say what csync2 has, owes and did', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], config: { metrics: ADDRESS } });
  const { a, b } = made.nodes;
  const has = (node: ClusterNode, expected: Readonly<Record<string, number>>): Promise<boolean> => {
    let found = new Map<string, number>();
    return until(
      `${node.name}'s metrics say so`,
      async () => {
        found = await scrape(node);
        return Object.entries(expected).every(([name, value]) => found.get(name) === value);
      },
      { explain: () => JSON.stringify(Object.keys(expected).map((name) => [name, found.get(name)])) },
    );
  };
  a.put('one', '12345');
  a.put('dir/two', '123');
  await made.converged();
  await made.settled();

  await t.test('at rest', async () => {
    for (const node of made.all) {
      const peer = `group="web",peer="${node === a ? 'b' : 'a'}"`;
      await has(node, {
        'csyncd_state{state="ok"}': 1,
        [`csyncd_mapping_state{${LABELS},state="ok"}`]: 1,
        [`csyncd_mapping_files{${LABELS}}`]: 2,
        [`csyncd_mapping_bytes{${LABELS}}`]: 8,
        [`csyncd_mapping_conflicts{${LABELS}}`]: 0,
        [`csyncd_mapping_errors{${LABELS}}`]: 0,
        [`csyncd_watch_directories{${LABELS}}`]: 2,
        [`csyncd_peer_state{${peer},state="ok"}`]: 1,
        [`csyncd_peer_pending_files{${peer}}`]: 0,
        [`csyncd_peer_lag_seconds{${peer}}`]: 0,
      });
    }
    // csync2 tells neither.
    const names = [...(await scrape(a)).keys()];
    assert.deepEqual(
      names.filter((name) => /clock_skew|config_match/.test(name)),
      [],
    );
  });

  await t.test('with a peer that is down', async () => {
    await b.stop();
    a.put('three', '1234567');
    const peer = 'group="web",peer="b"';
    await has(a, {
      'csyncd_state{state="degraded"}': 1,
      [`csyncd_mapping_files{${LABELS}}`]: 3,
      [`csyncd_mapping_bytes{${LABELS}}`]: 15,
      [`csyncd_peer_state{${peer},state="down"}`]: 1,
      [`csyncd_peer_state{${peer},state="ok"}`]: 0,
      [`csyncd_peer_pending_files{${peer}}`]: 1,
      [`csyncd_peer_pending_bytes{${peer}}`]: 7,
    });
    assert.ok(((await scrape(a)).get(`csyncd_peer_lag_seconds{${peer}}`) ?? 0) > 0);
  });

  await t.test('and when it is back', async () => {
    await b.start();
    await made.converged();
    await has(a, {
      'csyncd_state{state="ok"}': 1,
      'csyncd_peer_pending_files{group="web",peer="b"}': 0,
      'csyncd_peer_pending_bytes{group="web",peer="b"}': 0,
    });
    await has(b, { [`csyncd_mapping_files{${LABELS}}`]: 3, [`csyncd_mapping_bytes{${LABELS}}`]: 15 });
    const created = (await scrape(a)).get(`csyncd_events_total{${LABELS},what="created"}`) ?? 0;
    assert.ok(created >= 3, `${created} created`);
  });
});
