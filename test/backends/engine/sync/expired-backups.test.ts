import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiredBackups } from '../../../../src/backends/engine/sync/expired-backups.ts';
import { file } from '../core/arbitrary.ts';
import { Node, path } from './kit.ts';

test('of each path the newest generations are kept, none for ever', async () => {
  const { rows } = new Node('n1').replica.shared;
  for (const [name, time] of [
    ['f', 10],
    ['f', 20],
    ['f', 30],
    ['g', 5],
    ['g', 15],
  ] as const) {
    rows.addBackup({
      id: `${name}${time}`,
      path: path(name),
      time,
      value: file('a'),
      dots: [],
      node: 'n2',
      reason: 'replaced',
    });
  }
  assert.deepEqual((await expiredBackups(rows, { generations: 2, keepMs: 24 }, 30)).sort(), ['f10', 'g5']);
});
