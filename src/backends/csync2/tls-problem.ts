import { certificateOf, subjectProblem } from './identity.ts';
import { pinnedCertificates } from './pinned.ts';
import { problem, type Problem } from './remedies.ts';

/**
 * Why a TLS session with the peer must fail, which csync2 itself does not say: this node's certificate and the one that the
 * peer showed have subjects that cannot come together. null when they can, or when the peer never showed one.
 */
export async function tlsProblem(
  systemDir: string,
  databaseFile: string,
  peer: string,
): Promise<Problem | null> {
  const own = await certificateOf(systemDir);
  const seen = (await pinnedCertificates(databaseFile)).find((pinned) => pinned.peer === peer);
  if (own === null || seen === undefined) return null;
  const message = subjectProblem(own, seen.certificate);
  return message === null ? null : problem('tls-failed', message);
}
