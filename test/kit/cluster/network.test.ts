import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { run } from './command.ts';
import { Network } from './network.ts';

it('joins hosts, cuts and heals pairs of them, counts bytes, and leaves nothing', async () => {
  const network = new Network(['a', 'b', 'c']);
  const namespaces = () =>
    readdirSync('/run/netns').filter((name) => name.startsWith(`csyt-${process.pid}-`));
  try {
    const serve = `require('net').createServer((s) => s.end('hello')).listen(7, () => console.log('ready'))`;
    const [program = '', ...args] = network.at('a', [process.execPath, '-e', serve]);
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    const call = async (from: string) => {
      const dial = `const s = require('net').connect(7, '${network.address('a')}'); s.pipe(process.stdout);
        s.setTimeout(1000, () => process.exit(1)); s.on('error', () => process.exit(2));`;
      return (await run(network.at(from, [process.execPath, '-e', dial]))).stdout;
    };
    assert.equal(await call('b'), 'hello');
    const before = network.traffic('b');
    network.cut('a', 'b');
    assert.equal(await call('b'), '');
    assert.equal(await call('c'), 'hello');
    network.heal('a', 'b');
    assert.equal(await call('b'), 'hello');
    assert.ok(network.traffic('b').receivedBytes > before.receivedBytes);
    network.link('a', 'down');
    assert.equal(await call('b'), '');
    network.link('a', 'up');
    assert.equal(await call('b'), 'hello');
    assert.equal(namespaces().length, 4);
    network.destroy();
    assert.deepEqual(await once(server, 'exit'), [null, 'SIGKILL']);
    assert.equal(namespaces().length, 0);
  } finally {
    network.destroy();
  }
});
