/**
 * How a node shows that it has a group's key: an HMAC over what is true of this one TLS connection only. The keying
 * material (RFC 8446, 7.5) is known to its two ends alone, so a proof that is recorded, or passed on by somebody in
 * between, is worth nothing elsewhere; role and names keep it from being sent back.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Writer } from '../core/encode.ts';

const LABEL = 'csyncd/1 group proof';

export interface ProofOf {
  /** exported from the TLS connection */
  readonly keyingMaterial: Buffer;
  /** which end of the connection the prover is */
  readonly role: 'dialer' | 'listener';
  readonly prover: string;
  readonly verifier: string;
  readonly group: string;
}

/** HMAC-SHA-256 as 64 hex digits. */
export function proofOf(key: Buffer, of: ProofOf): string {
  const writer = new Writer();
  for (const field of [LABEL, of.role, of.prover, of.verifier, of.group]) writer.byteString(field);
  writer.bytes(of.keyingMaterial);
  return createHmac('sha256', key).update(writer.take()).digest('hex');
}

/** Whether `proof` (64 hex digits) is the one that the key's holder would give. */
export function provesKey(proof: string, key: Buffer, of: ProofOf): boolean {
  return timingSafeEqual(Buffer.from(proof, 'latin1'), Buffer.from(proofOf(key, of), 'latin1'));
}
