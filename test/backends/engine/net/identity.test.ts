import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { loadIdentity } from '../../../../src/backends/engine/net/identity.ts';
import { createAuthority } from './authority.ts';

async function stateDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'csyncd-identity-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

test('a node makes its identity once, its key readable by itself alone', async (t) => {
  const dir = await stateDir(t);
  const made = await loadIdentity({ node: 'web1', stateDir: dir, tls: null });
  assert.equal((await stat(join(dir, 'identity.key'))).mode & 0o777, 0o600);
  assert.equal(await readFile(join(dir, 'identity.crt'), 'utf8'), made.cert);
  assert.deepEqual(await loadIdentity({ node: 'web1', stateDir: dir, tls: null }), made);
});

test('a node with a new name is a new node', async (t) => {
  const dir = await stateDir(t);
  const before = await loadIdentity({ node: 'web1', stateDir: dir, tls: null });
  const after = await loadIdentity({ node: 'web2.example.com', stateDir: dir, tls: null });
  assert.notEqual(after.fingerprint, before.fingerprint);
});

test('a half-made identity is made anew, a damaged one is an error', async (t) => {
  const dir = await stateDir(t);
  await loadIdentity({ node: 'web1', stateDir: dir, tls: null });
  await rm(join(dir, 'identity.crt'));
  await loadIdentity({ node: 'web1', stateDir: dir, tls: null });
  await writeFile(join(dir, 'identity.crt'), 'nonsense');
  await assert.rejects(loadIdentity({ node: 'web1', stateDir: dir, tls: null }), { code: 'bad-identity' });
});

test('the files of a CA are used as they are, when they belong together and name the node', async (t) => {
  const dir = await stateDir(t);
  const authority = await createAuthority('Puppet CA');
  const [own, other] = await Promise.all([authority.issue('web1'), authority.issue('web2')]);
  const tls = { ca: join(dir, 'ca.pem'), cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  await Promise.all([
    writeFile(tls.ca, authority.ca),
    writeFile(tls.cert, own.cert),
    writeFile(tls.key, own.key),
  ]);
  assert.deepEqual(await loadIdentity({ node: 'web1', stateDir: dir, tls }), own);
  await assert.rejects(loadIdentity({ node: 'web2', stateDir: dir, tls }), /does not name this node, web2/);
  await writeFile(tls.key, other.key);
  await assert.rejects(loadIdentity({ node: 'web1', stateDir: dir, tls }), /is not the key of/);
  await rm(tls.ca);
  await assert.rejects(loadIdentity({ node: 'web1', stateDir: dir, tls }), /cannot read .*ca\.pem/);
});
