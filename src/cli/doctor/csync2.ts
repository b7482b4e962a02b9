/**
 * What stands in the way of a group's csync2 on this node, as far as it can be seen without it: its kill switch, its TLS
 * identity, and whether somebody serves its port. What csync2 itself said, the daemon tells with mappings and peers.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, Csync2Options, Host } from '../../config/model.ts';
import { codeOf, messageOf } from '../../util/errors.ts';
import { bad, doubtful, good, type Finding } from './finding.ts';
import { dialed } from './reach.ts';

const CHECK = 'csync2';
/** What csyncd makes on every node (backends/csync2/identity.ts). */
const SUBJECT = 'CN=csync2';
/** csync2 does nothing at all while it exists. */
const KILL_SWITCH = 'csync2.lock';

interface Served {
  readonly name: string;
  readonly self: Host;
  readonly csync2: Csync2Options;
}

/** @param running whether the daemon runs */
export async function examineCsync2(config: Config, running: boolean): Promise<Finding[]> {
  const served: Served[] = config.groups.flatMap(({ name, hosts, csync2 }) => {
    const self = hosts.find((host) => host.name === config.node);
    return csync2 === null || self === undefined ? [] : [{ name, self, csync2 }];
  });
  const found = served.map(async (group) => [
    ...killSwitch(group),
    ...identity(group),
    ...(await listener(group, running)),
  ]);
  return (await Promise.all(found)).flat();
}

function killSwitch({ name, csync2 }: Served): Finding[] {
  const file = join(csync2.configDir, KILL_SWITCH);
  if (!existsSync(file)) return [];
  const text = `${file} is there, with which csync2 refuses to do anything for ${name}`;
  return [bad(CHECK, text, `when the maintenance that it was made for is over: rm ${file}`)];
}

/**
 * csync2's server names the subject of its own certificate as the only issuer that it accepts, and csync2 as a client then
 * sends none that was issued by another: so all nodes need the same subject, signed by itself.
 */
function identity({ name, csync2 }: Served): Finding[] {
  if (csync2.noSsl) return [good(CHECK, `${name} does without TLS`)];
  const certFile = join(csync2.configDir, 'csync2_ssl_cert.pem');
  const keyFile = join(csync2.configDir, 'csync2_ssl_key.pem');
  try {
    const cert = new X509Certificate(readFileSync(certFile));
    const isPair = cert.checkPrivateKey(createPrivateKey(readFileSync(keyFile)));
    if (!isPair) return [bad(CHECK, `${keyFile} is not the key of ${certFile}`, anew(csync2))];
    const { subject, issuer } = cert;
    if (subject !== issuer) {
      const text = `${certFile} (${shown(subject)}) is issued by ${shown(issuer)}: csync2 can use only what is signed by itself`;
      return [bad(CHECK, text, anew(csync2))];
    }
    if (subject === SUBJECT) return [good(CHECK, `${name} has a certificate, ${shown(subject)}`)];
    const text = `the subject of ${certFile} is ${shown(subject)}: csync2 reaches only peers whose certificate has the same`;
    return [doubtful(CHECK, text, anew(csync2))];
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return [bad(CHECK, `${certFile}: ${messageOf(error)}`, anew(csync2))];
    const text = `${name} has no ${existsSync(certFile) ? keyFile : certFile} yet`;
    // It is made before the first session.
    if (csync2.configFile === null && !existsSync(certFile)) return [good(CHECK, text)];
    return [bad(CHECK, text, anew(csync2))];
  }
}

function anew({ configFile, configDir }: Csync2Options): string {
  const files = `${join(configDir, 'csync2_ssl_key.pem')} and csync2_ssl_cert.pem`;
  const make =
    configFile === null
      ? `delete ${files}, then systemctl restart csyncd, which makes them with ${SUBJECT}`
      : `put a pair there as ${files} that is signed by itself and has one subject on all nodes`;
  return `${make}; on the peers: csyncd peers forget NODE`;
}

async function listener({ name, self, csync2 }: Served, running: boolean): Promise<Finding[]> {
  const isOurs = csync2.listener === 'csyncd';
  if (isOurs && !running) return [];
  const place = `${self.address}:${csync2.port}`;
  const problem = await dialed(self.address, csync2.port);
  if (problem === null) return [good(CHECK, `${name} is served on ${place}`)];
  const remedy = isOurs ? 'csyncd status tells why not' : 'systemctl start csync2.socket, or what serves it';
  return [bad(CHECK, `nobody serves ${name} on ${place}: ${problem}`, remedy)];
}

function shown(name: string): string {
  return name.replaceAll('\n', ', ');
}
