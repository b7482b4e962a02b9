import './reflect.ts';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
// It is pinned, so its dates mean nothing; clocks of two nodes may differ by any amount (RFC 5280, 4.1.2.5).
const ALWAYS = { notBefore: new Date('2000-01-01T00:00:00Z'), notAfter: new Date('9999-12-31T23:59:59Z') };

/**
 * A new key and a certificate signed by itself, both PEM.
 * @param name subject and issuer
 * @param hosts the host names that it is valid for
 */
export async function createCertificate(
  name: string,
  hosts: readonly string[],
): Promise<{ key: string; cert: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = hosts.map((value) => ({ type: 'dns' as const, value }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: [{ CN: [name] }],
    ...ALWAYS,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { key, cert: `${certificate.toString('pem')}\n` };
}
