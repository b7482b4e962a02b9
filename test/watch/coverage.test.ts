import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { it } from 'node:test';
import { Coverage } from '../../src/watch/coverage.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const DIRECTORIES = ['', 'a', 'a/x', 'a/x/deep', 'b', 'b/y', 'c'];

function tree(spares: number): Coverage {
  const root = makeTempDir();
  for (const path of DIRECTORIES) mkdirSync(`${root}/${path}`, { recursive: true });
  return new Coverage({
    root,
    events: true,
    spares,
    enters: () => true,
    report: () => undefined,
    onPatchEvent: () => undefined,
    onUncovered: (path, code) => assert.fail(`${path}: ${code}`),
  });
}

function known(coverage: Coverage): string[] {
  return Array.from(coverage.index.all(), (node) => node.path()).sort();
}

/** Their watches keep the process. */
function close(coverage: Coverage): void {
  for (const node of coverage.index.all()) node.patch?.();
}

it('a tree for which there are spare patches is covered by them alone', async () => {
  const coverage = tree(100);
  assert.equal(await coverage.readSpared(), true);
  assert.deepEqual(known(coverage), DIRECTORIES);
  for (const node of coverage.index.all()) assert.notEqual(node.patch, null);
  await coverage.readRest(true);
  assert.equal(coverage.patches, 0, 'with the recursive watch they are spares');
  close(coverage);
});

it('without the recursive watch what were to be spares are patches', async () => {
  const coverage = tree(100);
  await coverage.readSpared();
  await coverage.readRest(false);
  assert.equal(coverage.patches, DIRECTORIES.length);
  close(coverage);
});

for (const recursive of [true, false]) {
  it(`a tree for which there are too few is read to its end ${recursive ? 'with' : 'without'} the recursive watch`, async () => {
    const coverage = tree(3);
    assert.equal(await coverage.readSpared(), false);
    await coverage.readRest(recursive);
    assert.deepEqual(known(coverage), DIRECTORIES);
    assert.equal(coverage.patches, recursive ? 0 : DIRECTORIES.length);
    close(coverage);
  });
}
