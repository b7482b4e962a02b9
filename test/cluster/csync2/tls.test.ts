/** csync2 with TLS: identities that csyncd makes, and what becomes of one that is replaced. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCertificate } from '../../../src/util/certificate.ts';
import type { PeerReport } from '../../kit/cluster/status.ts';
import { until, type ClusterNode } from '../../kit/cluster.ts';
import { csync2Cluster } from '../../kit/csync2/cluster.ts';

interface Peers {
  readonly peers: readonly {
    readonly node: string;
    readonly fingerprint: string | null;
    readonly last_error: string | null;
  }[];
}
interface Diagnosis {
  readonly findings: readonly {
    readonly check: string;
    readonly level: string;
    readonly message: string;
    readonly remedy: string | null;
  }[];
}

const fileOf = (node: ClusterNode, kind: 'key' | 'cert'): string =>
  join(node.place.stateDir, 'csync2/web', `csync2_ssl_${kind}.pem`);
const certificateOf = (node: ClusterNode): X509Certificate =>
  new X509Certificate(fs.readFileSync(fileOf(node, 'cert')));

test('two hosts with TLS', async (t) => {
  const made = await csync2Cluster(t, { nodes: ['a', 'b'], group: { csync2: { no_ssl: false } } });
  const { a, b } = made.nodes;

  const pinnedBy = async (node: ClusterNode, peer: string): Promise<string | null> => {
    const { peers } = (await node.cli('peers', '--json')).json as Peers;
    return peers.find((one) => one.node === peer)?.fingerprint ?? null;
  };
  /** Waits until status says this of a peer: csync2 is asked why only after a run that did not say it. */
  const trouble = async (node: ClusterNode, peer: string, error: RegExp, remedy: RegExp): Promise<void> => {
    let facts: PeerReport | undefined;
    await until(
      `${node.name} says what is wrong with ${peer}`,
      async () => {
        facts = (await node.status())?.groups['web']?.peers[peer];
        return (
          facts?.state === 'rejected' && error.test(facts.last_error ?? '') && remedy.test(facts.remedy ?? '')
        );
      },
      { explain: () => JSON.stringify(facts) },
    );
  };
  /** What doctor says that is not fine. */
  const complaints = async (node: ClusterNode, check: string): Promise<Diagnosis['findings']> => {
    const { json } = await node.cli('doctor', '--json');
    return (json as Diagnosis).findings.filter((one) => one.check === check && one.level !== 'ok');
  };
  const replaceIdentity = async (node: ClusterNode, subject: string | null): Promise<void> => {
    await node.stop();
    for (const kind of ['key', 'cert'] as const) fs.rmSync(fileOf(node, kind));
    if (subject !== null) {
      const { key, cert } = await createCertificate(subject, []);
      fs.writeFileSync(fileOf(node, 'key'), key, { mode: 0o600 });
      fs.writeFileSync(fileOf(node, 'cert'), cert, { mode: 0o600 });
    }
    await node.start();
  };
  const forget = async (node: ClusterNode, peer: string): Promise<void> => {
    const { code, stderr } = await node.cli('peers', 'forget', peer);
    assert.equal(code, 0, stderr);
  };

  await t.test('make their own identities, and pin each other', async () => {
    a.put('by-a', 'a');
    b.put('by-b', 'b');
    await made.converged();
    await made.proveEqual();
    assert.equal(certificateOf(a).subject, certificateOf(b).subject);
    for (const node of made.all) assert.equal(fs.statSync(fileOf(node, 'key')).mode & 0o777, 0o600);
    await until('a lists it', async () => (await pinnedBy(a, 'b')) === certificateOf(b).fingerprint256);
    await until('b lists it', async () => (await pinnedBy(b, 'a')) === certificateOf(a).fingerprint256);
    assert.deepEqual(await complaints(a, 'csync2'), []);
    assert.deepEqual(await complaints(a, 'peer'), []);
  });

  await t.test('one that was made anew is refused, and named', async () => {
    const before = certificateOf(b).fingerprint256;
    await replaceIdentity(b, null);
    assert.notEqual(certificateOf(b).fingerprint256, before);
    a.put('from-a', 'a');
    await trouble(a, 'b', /SSL X509/, /csyncd peers forget/);
    const [finding] = await complaints(a, 'peer');
    assert.match(finding?.message ?? '', /^b \(web\) is refused: /);
    assert.match(finding?.remedy ?? '', /csyncd peers forget/);
    b.put('from-b', 'b');
    await trouble(b, 'a', /./, /csyncd peers forget/);
  });

  await t.test('until it is forgotten', async () => {
    await forget(a, 'b');
    await made.converged();
    await until('a lists it', async () => (await pinnedBy(a, 'b')) === certificateOf(b).fingerprint256);
    await made.proveEqual();
  });

  await t.test('one with another subject cannot be talked to, which csync2 does not say', async () => {
    await replaceIdentity(b, 'b.example');
    await forget(a, 'b');
    a.put('from-a', 'again');
    await trouble(a, 'b', /subject is CN=b\.example/, /same subject/);
    const [finding] = await complaints(a, 'peer');
    assert.match(finding?.remedy ?? '', /same subject/);
    const [own] = await complaints(b, 'csync2');
    assert.match(own?.message ?? '', /CN=b\.example/);
    assert.match(own?.remedy ?? '', /csync2_ssl_cert\.pem/);
  });

  await t.test('and with the right one all is well again', async () => {
    await replaceIdentity(b, null);
    await forget(a, 'b');
    await made.converged();
    await made.proveEqual();
  });
});
