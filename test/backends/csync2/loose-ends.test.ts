import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { deletedAnyway, LooseEnds } from '../../../src/backends/csync2/loose-ends.ts';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { ClientOutput, type FileResult } from '../../../src/backends/csync2/output.ts';
import { Csync2Host } from './hosts.ts';
import { localOf, mappingOf } from './mapping-kit.ts';

const never = new AbortController().signal;

function failed(action: FileResult['action'], message: string | null): FileResult {
  return {
    name: '/r/f/below',
    action,
    state: 'failed',
    reason: 'peer-disk',
    message,
    remedy: null,
    conflict: null,
  };
}

it('a deletion below what is no directory at the peer is done, an update there is not', () => {
  assert.deepEqual(deletedAnyway({ failed: [failed('delete', 'Not a directory')] }), ['/r/f/below']);
  assert.deepEqual(deletedAnyway({ failed: [failed('update', 'Not a directory')] }), []);
  assert.deepEqual(deletedAnyway({ failed: [failed('delete', 'Directory not empty')] }), []);
  assert.deepEqual(deletedAnyway({ failed: [failed('delete', null)] }), []);
});

describe('what an update has sent otherwise than it is recorded', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  let local: Local;
  let mapping: Csync2Mapping;
  let ends: LooseEnds;
  beforeEach(async () => {
    [here, peer] = [new Csync2Host(), new Csync2Host()];
    for (const host of [here, peer]) {
      host.configure([here, peer]);
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
    }
    await peer.listen();
    local = localOf(here);
    mapping = mappingOf(here, local);
    await mapping.attach(never);
    ends = new LooseEnds();
  });
  afterEach(() => {
    local.close();
    for (const host of [here, peer]) host.close();
  });
  const look = () => mapping.look(null, never);
  const rename = (from: string, to: string): void =>
    fs.renameSync(join(here.root, from), join(here.root, to));
  const atPeer = (path: string): string | null => {
    const file = join(peer.root, path);
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;
  };
  async function update(): Promise<void> {
    const output = new ClientOutput(peer.address);
    const onLine = (line: string): void => output.line(line);
    const { exitCode } = await here.program().run({ args: ['-v', '-u', '-P', peer.address], onLine });
    assert.equal(exitCode, 0);
    ends.left({ sent: output.finish().files });
  }
  const due = () => ends.due(mapping, never);
  async function owed(): Promise<number> {
    return (await local.table.owed('%p%')).get(peer.address)?.names ?? 0;
  }

  it('a directory that was away during the update, and is there again at the next look', async () => {
    here.write('d/f', 'x');
    await look();
    rename('d', 'elsewhere');
    await update();
    rename('elsewhere', 'd');
    assert.equal((await look()).changed, 0, 'no look sees it');
    assert.equal(await owed(), 0, 'and nobody owes it');
    assert.equal(atPeer('d/f'), null);
    assert.deepEqual((await due()).sort(), ['%p%/d', '%p%/d/f']);
    await mapping.mark(['%p%/d', '%p%/d/f'], never);
    await update();
    assert.equal(atPeer('d/f'), 'x');
    assert.deepEqual(await due(), []);
  });

  it('is asked about as long as it is away, and left to the look that finds it gone', async () => {
    here.write('f', 'x');
    here.write('g', 'x');
    await look();
    for (const name of ['f', 'g']) rename(name, `was ${name}`);
    await update();
    assert.deepEqual(await due(), []);
    rename('was f', 'f');
    assert.deepEqual(await due(), ['%p%/f']);
    await look();
    assert.deepEqual(await due(), []);
    rename('was g', 'g');
    await look();
    await update();
    assert.equal(atPeer('g'), 'x');
  });

  it('another directory that had its place during the update', async () => {
    here.write('d/f', 'old');
    await look();
    await update();
    here.write('e/f', 'newer');
    here.write('d/f', 'edited');
    await look();
    rename('d', 'aside');
    rename('e', 'd');
    await update();
    assert.equal(atPeer('d/f'), 'newer');
    assert.deepEqual(
      (await due()).filter((name) => name === '%p%/d/f'),
      [],
    );
    rename('d', 'e');
    rename('aside', 'd');
    assert.ok((await due()).includes('%p%/d/f'));
    await mapping.mark(['%p%/d/f', '%p%/e', '%p%/e/f'], never);
    await update();
    assert.equal(atPeer('d/f'), 'edited');
    assert.equal(atPeer('e/f'), 'newer');
  });

  it('a file that came after its deletion was owed, and went before a look', async () => {
    here.write('f', 'x');
    await look();
    await update();
    here.remove('f');
    await look();
    here.write('f', 'again');
    await update();
    assert.equal(atPeer('f'), 'again');
    assert.deepEqual(await due(), [], 'a look may record it yet');
    here.remove('f');
    assert.deepEqual(await due(), ['%p%/f']);
    await mapping.mark(['%p%/f'], never);
    await update();
    assert.equal(atPeer('f'), null);
  });
});
