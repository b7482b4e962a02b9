/** Against the table of a real csync2: text for text, of every kind of file, and name for name. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decode, encode } from '../../../src/backends/csync2/encoding.ts';
import { EVERYTHING, look } from '../../../src/backends/csync2/look.ts';
import { keysBelow } from '../../../src/backends/csync2/table.ts';
import { makeEveryKind, ODD_NAMES, Recorder, wallClock } from './recorder.ts';

const settling = { sessionsOpen: () => Promise.resolve(false), now: wallClock, user: null };

for (const [name, config] of Object.entries({
  'a plain path': {},
  'a prefix': { isPrefixed: true },
  'ignore uid gid': { top: 'ignore uid gid;' },
  'ignore mod': { top: 'ignore mod;' },
})) {
  it(`what csync2 records of every kind of file is what a look makes of it: ${name}`, async () => {
    const recorder = new Recorder(config);
    makeEveryKind(recorder);
    recorder.record();
    const tree = recorder.tree();
    const everything = await look(tree, EVERYTHING, settling, AbortSignal.timeout(60_000));
    assert.deepEqual(everything, {
      differences: [],
      toForce: [],
      unseen: [],
      leftovers: [],
      again: [],
      errors: [],
    });
    const paths = recorder.paths();
    const each = paths.map((path) => ({ path, scope: 'entry' as const }));
    const byName = await look(tree, each, settling, AbortSignal.timeout(60_000));
    assert.deepEqual(byName.differences, []);

    const names = paths.map((path) => recorder.nameOf(path));
    const texts = await tree.table.texts(names);
    assert.deepEqual([...texts.keys()].sort(), names.sort(), 'a row a name, found by its name');
    const types = new Set([...texts.values()].map((text) => /type=(\w+)/.exec(text)?.[1] ?? text));
    assert.deepEqual([...types].sort(), ['blk', 'chr', 'dir', 'fifo', 'lnk', 'reg', 'sock']);
    const rows = await tree.table.page(keysBelow(recorder.rootName), 10_000);
    assert.deepEqual(
      rows.map(({ key }) => key),
      names.map(encode).sort(),
      'in the order of the keys',
    );
    tree.table.close();
  });
}

it('names are encoded as csync2 does, and back', () => {
  for (const name of ODD_NAMES) assert.equal(decode(encode(name)), name);
  assert.equal(encode(`we ird %$:|\\"'\x07\xc3\xbc.txt`), 'we%20ird%20%25%24%3A%7C%5C%22%27%07\xc3\xbc.txt');
});
