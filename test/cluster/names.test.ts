import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { cluster } from '../kit/cluster.ts';
import type { ClusterNode } from '../kit/cluster.ts';

const NAMES: Readonly<Record<string, Buffer>> = {
  'bytes that are not UTF-8': Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x6f]),
  'a newline': Buffer.from('two\nlines'),
  'all control characters': Buffer.from(Array.from({ length: 31 }, (_, i) => i + 1)),
  'all bytes above ASCII': Buffer.from(Array.from({ length: 128 }, (_, i) => 128 + i)),
  '255 bytes': Buffer.alloc(255, 'x'),
  '85 characters of 3 bytes': Buffer.from('語'.repeat(85)),
  'an emoji': Buffer.from('🐘'),
  'a leading dash': Buffer.from('-rf'),
  'a percent sign': Buffer.from('%2e%2e%s%n'),
  'a trailing blank': Buffer.from('blank '),
  'nothing but a blank': Buffer.from(' '),
  'quotes, a backslash and shell characters': Buffer.from(`"'\\$(touch x);*?[a]&`),
  'three dots': Buffer.from('...'),
  'what is like a drive or a URL': Buffer.from('c:\\x http:'),
  'composed and decomposed characters': Buffer.from('\u00fc-u\u0308'),
  'the name of the hidden directory, below': Buffer.from('sub/.csyncd'),
};

/** Absolute, as bytes. */
function at(node: ClusterNode, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${node.root}/`), name]);
}

test('names are bytes', async (t) => {
  const made = await cluster(t, { nodes: ['a', 'b'] });
  const { a, b } = made.nodes;

  for (const [what, name] of Object.entries(NAMES)) {
    await t.test(`${what}: created, edited, renamed, deleted as file and directory`, async () => {
      fs.mkdirSync(at(a, Buffer.from('sub')), { recursive: true });
      fs.writeFileSync(at(a, name), 'one');
      await made.converged();
      fs.writeFileSync(at(b, name), 'two');
      await made.converged();
      assert.equal(fs.readFileSync(at(a, name), 'utf8'), 'two');
      fs.renameSync(at(b, name), at(b, Buffer.from('plain')));
      fs.mkdirSync(at(b, name));
      fs.renameSync(at(b, Buffer.from('plain')), at(b, Buffer.concat([name, Buffer.from('/inside')])));
      await made.converged();
      fs.rmSync(at(a, name), { recursive: true });
      await made.converged();
    });
  }

  await t.test(
    'a path of 4,000 bytes: created, edited, renamed, deleted as file, directory and symlink',
    async () => {
      const names = Array.from({ length: 16 }, (_, i) => String(i).padEnd(i < 15 ? 249 : 248, 'x'));
      const dir = names.join('/');
      const [file, other, below, link] = ['f', 'g', 'd', 'l'].map((name) => `${dir}/${name}`) as [
        string,
        string,
        string,
        string,
      ];
      assert.equal(file.length, 4000);
      a.put(file, 'far below');
      a.mkdir(below);
      a.symlink('f', link);
      await made.converged();
      b.put(file, 'edited');
      fs.chmodSync(b.path(below), 0o700);
      await made.converged();
      assert.equal(a.read(file), 'edited');
      a.rename(file, other);
      a.rename(names[0] ?? '', 'renamed');
      await made.converged();
      assert.equal(b.read(other.replace(names[0] ?? '', 'renamed')), 'edited');
      await made.settled();
      b.remove('renamed');
      await made.converged();
      assert.ok(!a.exists('renamed'));
    },
  );

  await t.test('names that differ in case or form only are different files', async () => {
    for (const name of ['A', 'a', '\u00e9', 'e\u0301']) a.put(name, name);
    await made.converged();
    for (const name of ['A', 'a', '\u00e9', 'e\u0301']) assert.equal(b.read(name), name);
  });

  await t.test('and all nodes agree that they are equal', () => made.proveEqual());
});
