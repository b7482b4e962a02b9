import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';

/** Reads a file again and again until its input ends, and tells what it saw that is no whole version. */
const READER = `
  const fs = require('node:fs');
  let reads = 0, stop = false;
  const wrong = [];
  process.stdin.on('end', () => (stop = true)).resume();
  const look = () => {
    for (let i = 0; i < 200; i++) {
      reads++;
      try {
        const text = fs.readFileSync(process.argv[1], 'latin1');
        if (!/^(\\d+ )\\1*$/.test(text) || text.length % 1000 !== 0) wrong.push(text.slice(0, 40) + ' … ' + text.length);
      } catch (error) {
        wrong.push(error.code);
      }
    }
    if (stop) console.log(JSON.stringify({ reads, wrong }));
    else setImmediate(look);
  };
  look();`;

test('a reader never finds a file missing or half written while peers rewrite it', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b', 'c'], mapping: { delay: '0ms' } });
  const { a, b, c } = made.nodes;
  // Versions of different sizes, each the same number over and over; some so large that they come block by block.
  const times = (i: number) => (i % 10 === 9 ? 420_000 : 200 * (1 + (i % 7) * 40));
  const version = (i: number) => `${String(i % 1000).padStart(4, '0')} `.repeat(times(i));
  a.put('page', version(0));
  await made.converged();
  const reader = spawn(process.execPath, ['-e', READER, b.path('page')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  for (let i = 1; i <= 60; i++) {
    const writer = i % 2 === 0 ? a : c;
    writer.put('next', version(i));
    writer.rename('next', 'page');
    if (i % 3 === 0) await made.converged();
  }
  await made.converged();
  reader.stdin.end();
  await once(reader, 'close');
  const { reads, wrong } = JSON.parse(output) as { reads: number; wrong: string[] };
  assert.deepEqual(wrong, [], `of ${reads} reads`);
  assert.ok(reads > 0);
  await made.proveEqual();
});
