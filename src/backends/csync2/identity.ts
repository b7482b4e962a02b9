/**
 * What csync2 shows of this node over TLS. csync2 knows no authority: each side remembers the certificate it saw first. But
 * its server names its own certificate's subject as the only issuer it accepts, and GnuTLS as a client then sends its
 * certificate only if that issued it: so self-signed certificates work only when all nodes' have the same subject.
 */
import { X509Certificate } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CsyncdError, codeOf, messageOf } from '../../util/errors.ts';

const KEY_FILE = 'csync2_ssl_key.pem';
const CERT_FILE = 'csync2_ssl_cert.pem';
/** The subject and issuer on every node. */
const SUBJECT = 'csync2';

/** This node's certificate; null when it has none. Throws CsyncdError `bad-identity` when it cannot be read. */
export async function certificateOf(systemDir: string): Promise<X509Certificate | null> {
  const file = join(systemDir, CERT_FILE);
  try {
    return new X509Certificate(await readFile(file));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new CsyncdError('bad-identity', `${file} is no certificate that can be read: ${messageOf(error)}`, {
      hint: `put the right file back, or delete it and ${KEY_FILE} to have both made anew; peers must then forget the old one`,
      cause: error,
    });
  }
}

/** Both in PEM, for a session of our own. */
export async function readIdentity(
  systemDir: string,
): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = await Promise.all(
    [KEY_FILE, CERT_FILE].map((name) => readFile(join(systemDir, name), 'latin1')),
  );
  return { key: key ?? '', cert: cert ?? '' };
}

/**
 * Makes key and certificate when there is none, for a system directory that is csyncd's own. Peers remember what they have
 * seen: it must not be made anew without need.
 */
export async function makeIdentity(systemDir: string): Promise<X509Certificate> {
  const keyFile = join(systemDir, KEY_FILE);
  const existing = await certificateOf(systemDir);
  // A crash between the two leaves a key without a certificate, and never a pair that does not match.
  if (existing !== null) return existing;
  const { createCertificate } = await import('../../util/certificate.ts');
  const { key, cert } = await createCertificate(SUBJECT, []);
  await rm(keyFile, { force: true });
  await replace(keyFile, key);
  await replace(join(systemDir, CERT_FILE), cert);
  return new X509Certificate(cert);
}

/**
 * Why this node as a client and a peer with that certificate cannot come together; null when their subjects do not stand
 * in the way.
 */
export function subjectProblem(own: X509Certificate, peer: X509Certificate): string | null {
  if (own.issuer === peer.subject) return null;
  return `this node's certificate is issued by ${shown(own.issuer)}, the peer's subject is ${shown(peer.subject)}`;
}

function shown(name: string): string {
  return name.replaceAll('\n', ', ');
}

async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}
