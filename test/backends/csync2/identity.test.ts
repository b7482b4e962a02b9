import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { certificateOf, makeIdentity, subjectProblem } from '../../../src/backends/csync2/identity.ts';
import { ClientOutput, type ClientReport } from '../../../src/backends/csync2/output.ts';
import { forgetCertificate, pinnedCertificates } from '../../../src/backends/csync2/pinned.ts';
import { Csync2Host } from './hosts.ts';

const KEY = 'csync2_ssl_key.pem';
const CERT = 'csync2_ssl_cert.pem';

describe('a node’s identity for csync2', () => {
  const here = new Csync2Host();
  const peer = new Csync2Host();
  before(async () => {
    for (const host of [here, peer]) host.configure([here, peer], { tls: true });
    await peer.listen();
  });
  after(() => peer.close());

  let writes = 0;
  async function send(): Promise<ClientReport> {
    // A size of its own: csync2 does not see a change within the second that leaves the size as it was.
    here.write('f', 'x'.repeat(++writes));
    await here.check();
    const output = new ClientOutput(peer.address);
    const args = ['-v', '-u', '-P', peer.address];
    await here.program().run({ args, onLine: (line) => output.line(line) });
    return output.finish();
  }

  it('is made once, for this node’s eyes only', async () => {
    assert.equal(await certificateOf(here.dir), null);
    const made = await makeIdentity(here.dir);
    assert.equal((await makeIdentity(here.dir)).fingerprint256, made.fingerprint256);
    assert.equal((await certificateOf(here.dir))?.fingerprint256, made.fingerprint256);
    for (const file of [KEY, CERT]) assert.equal(fs.statSync(join(here.dir, file)).mode & 0o777, 0o600);
    fs.writeFileSync(join(peer.dir, KEY), 'left over by a crash');
    assert.notEqual((await makeIdentity(peer.dir)).fingerprint256, made.fingerprint256);
  });

  it('lets two hosts talk, which remember each other until they forget', async () => {
    const report = await send();
    assert.equal(report.problem, null);
    assert.equal(report.usesTls, true);
    assert.equal(report.files.find(({ name }) => name === '%p%/f')?.state, 'sent');
    const [seen, ...more] = await pinnedCertificates(here.databaseFile);
    assert.deepEqual(more, []);
    assert.equal(seen?.peer, peer.address);
    const shown = await certificateOf(peer.dir);
    assert.equal(seen.certificate.fingerprint256, shown?.fingerprint256);
    for (const file of [KEY, CERT]) fs.rmSync(join(peer.dir, file));
    await makeIdentity(peer.dir);
    assert.equal((await send()).problem?.reason, 'certificate-changed');
    assert.equal(await forgetCertificate(here.databaseFile, peer.address), true);
    assert.equal(await forgetCertificate(here.databaseFile, peer.address), false);
    assert.equal((await send()).problem, null);
    assert.equal((await pinnedCertificates(peer.databaseFile))[0]?.peer, here.address);
  });

  it('is forgotten also while csync2 has its database locked for a while', async () => {
    const lock = new DatabaseSync(here.databaseFile);
    lock.exec('BEGIN IMMEDIATE');
    const forgotten = forgetCertificate(here.databaseFile, peer.address);
    setTimeout(() => lock.close(), 200);
    assert.equal(await forgotten, true);
    assert.deepEqual(await pinnedCertificates(here.databaseFile), []);
  });

  it('has nothing pinned where there is no database', async () => {
    assert.deepEqual(await pinnedCertificates('/nonexistent/a.db3'), []);
    assert.equal(await forgetCertificate('/nonexistent/a.db3', 'peer'), false);
  });

  it('tells subjects that cannot come together, as csync2 does', async () => {
    here.makeCertificate('/CN=one');
    for (const host of [here, peer]) fs.rmSync(host.databaseFile);
    assert.equal((await send()).problem?.reason, 'not-configured');
    const [seen] = await pinnedCertificates(here.databaseFile);
    const own = await certificateOf(here.dir);
    assert.ok(seen !== undefined && own !== null);
    assert.equal(
      subjectProblem(own, seen.certificate),
      "this node's certificate is issued by CN=one, the peer's subject is CN=csync2",
    );
    assert.equal(subjectProblem(own, own), null);
    fs.writeFileSync(join(here.dir, CERT), 'nonsense');
    await assert.rejects(certificateOf(here.dir), { code: 'bad-identity' });
  });
});
