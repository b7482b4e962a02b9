/** A certificate authority for tests, as a site's own (Puppet's) would be. */
import '../../../../src/util/reflect.ts';
import { KeyObject, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Identity } from '../../../../src/backends/engine/net/identity.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

export interface Authority {
  readonly ca: string;
  /** A certificate that names `name`, valid from a day ago for so many days. */
  issue(name: string, days?: number): Promise<Identity>;
}

export async function createAuthority(name: string): Promise<Authority> {
  const issuer = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const subject = [{ CN: [name] }];
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: subject,
    keys: issuer,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const ca = root.toString('pem');
  return {
    ca,
    async issue(host, days = 10) {
      const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const certificate = await X509CertificateGenerator.create({
        serialNumber: '02',
        subject: [{ CN: [host] }],
        issuer: root.subject,
        notBefore: new Date(Date.now() - 20 * DAY),
        notAfter: new Date(Date.now() + days * DAY),
        publicKey: keys.publicKey,
        signingKey: issuer.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
      });
      const cert = certificate.toString('pem');
      const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
      return { key, cert, ca, fingerprint: new NodeCertificate(cert).fingerprint256 };
    },
  };
}
