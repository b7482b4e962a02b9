/** Conflicts that csync2 decides for nobody: exactly one of the two nodes sends its version all the same. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { forceWinners } from '../../../src/backends/csync2/ties.ts';
import { Csync2Host } from './hosts.ts';
import { localOf } from './mapping-kit.ts';

const never = new AbortController().signal;

it('two chmods of the same file end with one of them on both', async () => {
  const hosts = [new Csync2Host(), new Csync2Host()] as const;
  const locals = hosts.map((host) => localOf(host));
  try {
    for (const host of hosts) {
      host.configure(hosts);
      host.write('f', 'x');
      host.setTime('f', 1_700_000_000);
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
    }
    for (const [index, host] of hosts.entries()) {
      fs.chmodSync(join(host.root, 'f'), index === 0 ? 0o700 : 0o750);
      await host.check();
      await host.listen();
    }
    const update = (host: Csync2Host) => host.program().run({ args: ['-u'] });
    for (const host of hosts) assert.equal((await update(host)).exitCode, 1, 'a conflict');
    const winners: number[] = [];
    for (const [index, local] of locals.entries()) {
      const peer = hosts[1 - index] ?? hosts[0];
      const other = { node: 'other', host: peer.address, receiveOnly: false, isFirst: index === 1 };
      const forced = await forceWinners(local, 'younger', other, ['%p%/f'], never);
      if (forced.length > 0) winners.push(index);
    }
    const [winner, ...more] = winners;
    assert.ok(winner !== undefined && more.length === 0, `winners: ${winners.join(' ')}`);
    await update(hosts[winner] ?? hosts[0]);
    const modes = hosts.map((host) => fs.statSync(join(host.root, 'f')).mode & 0o777);
    const expected = winner === 0 ? 0o700 : 0o750;
    assert.deepEqual(modes, [expected, expected]);
  } finally {
    for (const local of locals) local.close();
    for (const host of hosts) host.close();
  }
});
