/** What this node shows of itself to its peers: its own key and certificate, made at first start, or those of a CA. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CsyncdError, codeOf, messageOf } from '../../../util/errors.ts';

export interface Identity {
  /** PEM */
  readonly key: string;
  /** PEM, with the chain to the CA when there is one */
  readonly cert: string;
  /** PEM; null: peers' certificates are pinned when first seen */
  readonly ca: string | null;
  /** SHA-256 of the certificate: hex pairs with colons */
  readonly fingerprint: string;
}

/**
 * Reads the identity that the config names, or this node's own from `stateDir`, made there when there is none. Throws
 * CsyncdError: `bad-identity` when the files cannot be read or do not belong together.
 */
export async function loadIdentity(options: {
  readonly node: string;
  readonly stateDir: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | null;
}): Promise<Identity> {
  const { node, stateDir, tls } = options;
  if (tls === null) return ownIdentity(node, join(stateDir, 'identity.key'), join(stateDir, 'identity.crt'));
  const [ca, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)]);
  const certificate = matching(cert, key, tls.cert, tls.key);
  if (certificate.checkHost(node) === undefined) {
    const names = certificate.subjectAltName ?? certificate.subject;
    throw new CsyncdError('bad-identity', `${tls.cert} does not name this node, ${node}, but ${names}`, {
      hint: 'set `node`, and the name in the group’s hosts, to the name in the certificate',
    });
  }
  return { key, cert, ca, fingerprint: certificate.fingerprint256 };
}

async function ownIdentity(node: string, keyFile: string, certFile: string): Promise<Identity> {
  const stored = await Promise.all([readIfThere(keyFile), readIfThere(certFile)]);
  const [key, cert] = stored;
  if (key !== null && cert !== null) {
    const certificate = matching(cert, key, certFile, keyFile);
    // A node with a new name is a new node to its peers: they have pinned nothing under it yet.
    if (certificate.checkHost(node) !== undefined) {
      return { key, cert, ca: null, fingerprint: certificate.fingerprint256 };
    }
  }
  const { createCertificate } = await import('../../../util/certificate.ts');
  const fresh = await createCertificate(node, [node]);
  // A crash between these leaves a key without a certificate, which is made anew, and never a pair that does not match.
  await rm(certFile, { force: true });
  await replace(keyFile, fresh.key, 0o600);
  await replace(certFile, fresh.cert, 0o644);
  return { ...fresh, ca: null, fingerprint: new X509Certificate(fresh.cert).fingerprint256 };
}

function matching(cert: string, key: string, certFile: string, keyFile: string): X509Certificate {
  try {
    const certificate = new X509Certificate(cert);
    if (certificate.checkPrivateKey(createPrivateKey(key))) return certificate;
  } catch (error) {
    throw badIdentity(`${certFile} and ${keyFile} are no certificate and key: ${messageOf(error)}`);
  }
  throw badIdentity(`${keyFile} is not the key of ${certFile}`);
}

function badIdentity(message: string): CsyncdError {
  return new CsyncdError('bad-identity', message, {
    hint: 'put the right files back; a node’s own identity is made anew when both are deleted, and its peers must then forget the old one',
  });
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CsyncdError('bad-identity', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new CsyncdError('bad-identity', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function replace(file: string, content: string, mode: number): Promise<void> {
  await writeFile(`${file}.new`, content, { mode, flush: true });
  await rename(`${file}.new`, file);
}
