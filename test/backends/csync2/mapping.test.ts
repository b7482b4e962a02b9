/** A mapping's root in doubt, and its first record, with a real csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Local } from '../../../src/backends/csync2/local.ts';
import { until } from '../../kit/cluster/until.ts';
import { Csync2Host } from './hosts.ts';
import { localOf, mappingOf, servicesInMemory } from './mapping-kit.ts';

const never = new AbortController().signal;

describe('a mapping', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  const open: Local[] = [];
  beforeEach(() => {
    here = new Csync2Host();
    peer = new Csync2Host();
    here.configure([here, peer]);
    for (const name of ['a/1', 'a/2', 'b/1', 'c']) here.write(name, 'x');
  });
  afterEach(() => {
    for (const local of open.splice(0)) local.close();
  });
  const localAt = (binary?: string): Local => {
    const local = localOf(here, binary === undefined ? {} : { binary });
    open.push(local);
    return local;
  };
  /** A csync2 with something in front of each run. */
  const behind = (script: string): string => {
    const file = join(here.dir, 'behind');
    fs.writeFileSync(file, `#!/bin/sh\n${script}\nexec csync2 "$@"\n`, { mode: 0o755 });
    return file;
  };
  const owed = async (local: Local): Promise<string[]> => {
    return (await local.table.owedNames('%p%', peer.address, 100)).toSorted();
  };

  it('is recorded at first, which marks nothing', async () => {
    let firsts = 0;
    const local = localAt();
    const services = servicesInMemory();
    const parts = { services, onFirstRecord: () => void firsts++ };
    assert.equal(await mappingOf(here, local, parts).attach(never), true);
    const again = mappingOf(here, local, parts);
    assert.equal(await again.attach(never), true);
    assert.equal(await again.attach(never), false, 'it was attached before');
    assert.equal(firsts, 1);
    assert.equal((await again.look(null, never)).changed, 0);
    assert.deepEqual(await owed(local), []);
  });

  it('is told of to the end, also when the daemon is about to stop', async () => {
    await mappingOf(here, localAt()).attach(never);
    const [reached, go] = [join(here.dir, 'reached'), join(here.dir, 'go')];
    const local = localAt(behind(`touch ${reached}; while [ ! -e ${go} ]; do sleep 0.02; done`));
    const mapping = mappingOf(here, local);
    await mapping.attach(never);
    here.write('c', 'changed');
    const stopping = new AbortController();
    const looked = mapping.look(null, stopping.signal);
    await until('csync2 runs', () => fs.existsSync(reached));
    stopping.abort(new Error('stopped'));
    fs.writeFileSync(go, '');
    await looked;
    assert.deepEqual(await owed(local), ['%p%/c']);
  });

  it('that was recorded in part, when that was interrupted, is recorded to the end and marks nothing', async () => {
    let firsts = 0;
    const services = servicesInMemory();
    const parts = { services, onFirstRecord: () => void firsts++ };
    const half = `case "$*" in *-cIr*) csync2 \${@%"${here.root}"} ${here.root}/a; exit 1;; esac`;
    await assert.rejects(mappingOf(here, localAt(behind(half)), parts).attach(never), {
      code: 'csync2-check',
    });
    const local = localAt();
    assert.equal(await local.table.isEmpty('%p%'), false, 'half of it is there');
    const mapping = mappingOf(here, local, parts);
    await mapping.attach(never);
    assert.equal(firsts, 1);
    assert.equal((await mapping.look(null, never)).changed, 0);
    assert.deepEqual(await owed(local), []);
  });

  it('whose root becomes another directory, be it never so small, has deleted nothing', async () => {
    const local = localAt();
    const mapping = mappingOf(here, local);
    await mapping.attach(never);
    fs.renameSync(here.root, `${here.root}.away`);
    fs.mkdirSync(here.root);
    assert.equal(mapping.isThere(), false);
    await assert.rejects(mapping.look(null, never), { code: 'root-lost' });
    await assert.rejects(mapping.look([{ path: 'c', scope: 'entry' }], never), { code: 'root-lost' });
    assert.deepEqual(await owed(local), []);
  });

  it('whose root goes away before csync2 is told has deleted nothing', async () => {
    const local = localAt();
    const mapping = mappingOf(here, local);
    await mapping.attach(never);
    here.write('c', 'changed');
    const totals = local.table.totals.bind(local.table);
    // The last that a look asks before it runs csync2.
    local.table.totals = (root) => {
      if (!fs.existsSync(`${here.root}.away`)) fs.renameSync(here.root, `${here.root}.away`);
      return totals(root);
    };
    await assert.rejects(mapping.look(null, never));
    local.table.totals = totals;
    assert.deepEqual(await owed(local), []);
    fs.renameSync(`${here.root}.away`, here.root);
    await mapping.look(null, never);
    assert.deepEqual(await owed(local), ['%p%/c']);
  });

  it('that is detached meanwhile is not told of', async () => {
    const local = localAt();
    const mapping = mappingOf(here, local);
    await mapping.attach(never);
    mapping.detach();
    await assert.rejects(mapping.mark(['%p%/c'], never), { code: 'detached' });
    await assert.rejects(mapping.giveUp(['%p%/c'], never), { code: 'detached' });
    assert.deepEqual(await owed(local), []);
  });

  it('that is empty where csync2 has recorded files is lost, until a person takes it', async () => {
    const services = servicesInMemory();
    await mappingOf(here, localAt(), { services }).attach(never);
    fs.rmSync(here.root, { recursive: true });
    fs.mkdirSync(here.root);
    const mapping = mappingOf(here, localAt(), { services });
    await assert.rejects(mapping.attach(never), { code: 'root-lost' });
    await mapping.takeRoot();
    assert.equal(await mapping.attach(never), true);
  });

  it('never sends what a csync2 left there that was killed, and removes it', async (t) => {
    const local = localAt();
    const mapping = mappingOf(here, local, { user: { uid: 0, gid: 0 } });
    await mapping.attach(never);
    // Killed before what it has received gets its name.
    const renames = 'rename,renameat,renameat2';
    await here.listen(['strace', '-D', '-f', '-o', '/dev/null', '-e', `inject=${renames}:signal=KILL`]);
    t.after(() => here.close());
    peer.configure([here, peer]);
    await peer.program().run({ args: ['-cIr'], paths: [peer.root] });
    peer.write('new/d/file', 'what is sent');
    await peer.check();
    await peer.program().run({ args: ['-u'] });
    const left = (): string[] => fs.readdirSync(join(here.root, 'new/d'));
    assert.match(left().join(), /^\.file\.\w{6}$/);
    await until('it is looked at', async () => (await mapping.look(null, never)).again.length === 0);
    assert.deepEqual(left(), []);
    assert.deepEqual(
      (await owed(local)).filter((name) => name.includes('.file.')),
      [],
    );
  });
});
