import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { VerifyResult } from '../../../src/backends/backend.ts';
import type { Local } from '../../../src/backends/csync2/local.ts';
import type { Csync2Mapping } from '../../../src/backends/csync2/mapping.ts';
import { verifyMapping } from '../../../src/backends/csync2/verification.ts';
import { Csync2Host } from './hosts.ts';
import { localOf, mappingOf } from './mapping-kit.ts';

const never = new AbortController().signal;
const FILES = 150;

describe('verify', () => {
  let here: Csync2Host;
  let peer: Csync2Host;
  let local: Local;
  let mapping: Csync2Mapping;
  beforeEach(async () => {
    here = new Csync2Host();
    peer = new Csync2Host();
    for (const host of [here, peer]) {
      host.configure([here, peer]);
      for (let index = 0; index < FILES; index++) {
        host.write(`f${index}`, 'x');
        host.setTime(`f${index}`, 1_700_000_000);
      }
      await host.program().run({ args: ['-cIr'], paths: [host.root] });
    }
    local = localOf(here);
    mapping = mappingOf(here, local);
    await mapping.attach(never);
  });
  afterEach(() => {
    local.close();
    for (const host of [here, peer]) host.close();
  });
  const verify = (): Promise<VerifyResult> => {
    const other = { node: 'web2', host: peer.address, receiveOnly: false, isFirst: false };
    return verifyMapping(local, mapping, [other], 'web1', never);
  };

  it('finds what differs, here, there or in what is recorded of both', async () => {
    await peer.listen();
    assert.deepEqual(await verify(), {
      compared: true,
      unreachable: [],
      equal: true,
      files: FILES,
      nodes: ['web1', 'web2'],
      differences: [],
    });
    here.write('f1', 'longer');
    here.setTime('f1', 1_700_000_000);
    here.write('only here', 'x');
    peer.write('zz', 'x');
    await peer.check();
    const { equal, differences } = await verify();
    assert.equal(equal, false);
    assert.deepEqual(differences.map(({ path, node, reason }) => `${path}|${node}|${reason}`).toSorted(), [
      'f1|web2|size differs',
      'only here|web2|not on web2',
      'zz|web2|only on web2',
    ]);
  });

  it('names a peer that is not reached', async () => {
    const { compared, unreachable, equal, nodes } = await verify();
    assert.deepEqual(
      { compared, unreachable, equal, nodes },
      {
        compared: false,
        unreachable: ['web2'],
        equal: false,
        nodes: ['web1'],
      },
    );
  });

  it('shows deletions that are held, of which csync2 knows nothing yet', async () => {
    await peer.listen();
    for (let index = 0; index < FILES; index++) here.remove(`f${index}`);
    const { equal, differences } = await verify();
    assert.equal(equal, false);
    assert.equal(differences.length, FILES);
    assert.ok(differences.every(({ node, reason }) => node === 'web1' && reason === 'its deletion is held'));
  });
});
