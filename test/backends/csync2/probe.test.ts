import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { it } from 'node:test';
import { probe } from '../../../src/backends/csync2/probe.ts';
import { run } from '../../kit/cluster/command.ts';
import { Network } from '../../kit/cluster/network.ts';
import { Csync2Host, PORT } from './hosts.ts';

it('tells a port that takes connections from one that does not', async () => {
  const { address } = new Csync2Host();
  assert.equal(await probe(address, PORT), false);
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(PORT, address);
  await once(server, 'listening');
  assert.equal(await probe(address, PORT), true);
  assert.equal(await probe(address, PORT, AbortSignal.abort()), false);
  server.close();
});

it('does not wait for a host whose cable is pulled', async () => {
  const network = new Network(['a', 'b']);
  try {
    network.link('b', 'down');
    const { href } = new URL('../../../src/backends/csync2/probe.ts', import.meta.url);
    const script = `import { probe } from '${href}'; console.log(await probe('${network.address('b')}', ${PORT}));`;
    const command = [process.execPath, '--input-type=module', '-e', script];
    const { stdout } = await run(network.at('a', command), { boundMs: 60_000 });
    assert.equal(stdout.trim(), 'false');
  } finally {
    network.destroy();
  }
});
