import type { Identity } from './identity.ts';
import type { Pins } from './pins.ts';
import { certificateChanged, certificateOfAnother, certificateUnsigned } from './refusal.ts';
import type { Parties, Refusal } from './refusal.ts';
import type { ShownCertificate } from './tls.ts';

export type CertificateVerdict =
  | {
      readonly kind: 'valid';
      readonly fingerprint: string;
      /** to be pinned when the link stands */ readonly fresh: boolean;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Whether a certificate may stand for the peer: signed by the CA and naming it, or the pinned one, or the first seen. */
export function checkCertificate(
  shown: ShownCertificate,
  parties: Parties,
  { identity, pins }: { readonly identity: Identity; readonly pins: Pins },
): CertificateVerdict {
  const { certificate, fault } = shown;
  if (certificate === null) return refused(certificateUnsigned(parties, 'none was shown'));
  const fingerprint = certificate.fingerprint256;
  if (identity.ca !== null) {
    if (fault !== null) return refused(certificateUnsigned(parties, fault));
    if (certificate.checkHost(parties.peer) === undefined) {
      return refused(certificateOfAnother(parties, certificate.subjectAltName ?? certificate.subject));
    }
    return { kind: 'valid', fingerprint, fresh: false };
  }
  const pin = pins.get(parties.peer);
  if (pin !== null && pin.fingerprint !== fingerprint) {
    return refused(certificateChanged(parties, pin.fingerprint, fingerprint));
  }
  return { kind: 'valid', fingerprint, fresh: pin === null };
}

function refused(refusal: Refusal): CertificateVerdict {
  return { kind: 'refused', refusal };
}
