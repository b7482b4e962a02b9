/** With certificates from a CA: whether they are in force and belong together. Without, each node makes its own. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../config/model.ts';
import { messageOf } from '../../util/errors.ts';
import { bad, doubtful, good, type Finding } from './finding.ts';

const SOON_MS = 30 * 86_400_000;

export function examineCertificates(config: Config): Finding[] {
  const { tls, node, groups } = config;
  // csync2 has certificates of its own.
  if (groups.length > 0 && groups.every(({ backend }) => backend === 'csync2')) return [];
  if (tls === null) return [good('certificate', "this node's own; peers pin it when they first see it")];
  try {
    const cert = new X509Certificate(readFileSync(tls.cert));
    const ca = new X509Certificate(readFileSync(tls.ca));
    const findings = [validity(tls.cert, cert), validity(tls.ca, ca)];
    if (!cert.checkPrivateKey(createPrivateKey(readFileSync(tls.key)))) {
      findings.push(
        bad('certificate', `${tls.key} is not the key of ${tls.cert}`, 'set tls.cert and tls.key to a pair'),
      );
    }
    if (!cert.checkIssued(ca)) {
      findings.push(
        bad('certificate', `${tls.cert} is not signed by ${tls.ca}`, 'set tls.ca to the CA that signed it'),
      );
    }
    if (cert.checkHost(node) === undefined) {
      findings.push(
        bad(
          'certificate',
          `${tls.cert} does not name ${node}`,
          'issue one for the name that the hosts list has',
        ),
      );
    }
    return findings;
  } catch (error) {
    return [bad('certificate', messageOf(error), 'see csyncd config check --strict')];
  }
}

function validity(file: string, { validFromDate, validToDate }: X509Certificate): Finding {
  const now = Date.now();
  const until = `${file} is valid until ${validToDate.toISOString()}`;
  if (now > validToDate.getTime())
    return bad('certificate', `${file} ended ${validToDate.toISOString()}`, 'renew it');
  if (now < validFromDate.getTime()) {
    return bad('certificate', `${file} begins ${validFromDate.toISOString()}`, "set this node's clock right");
  }
  return validToDate.getTime() - now < SOON_MS
    ? doubtful('certificate', until, 'renew it')
    : good('certificate', until);
}
