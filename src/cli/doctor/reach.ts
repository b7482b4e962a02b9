/** Without a daemon: whether the peers' addresses resolve and answer. */
import { connect } from 'node:net';
import type { Config, Host } from '../../config/model.ts';
import { messageOf } from '../../util/errors.ts';
import { bad, good, type Finding } from './finding.ts';

const PATIENCE_MS = 3_000;

export async function examineReach(config: Config): Promise<Finding[]> {
  const hosts = config.groups.flatMap((group) => group.hosts.filter(({ name }) => name !== config.node));
  const places = new Map(hosts.map((host) => [`${host.address}:${host.port}`, host]));
  return Promise.all([...places.values()].map(reach));
}

function reach({ name, address, port }: Host): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: PATIENCE_MS });
    const end = (finding: Finding): void => {
      socket.destroy();
      resolve(finding);
    };
    const remedy = 'see that csyncd runs there, that the name resolves, and that no firewall is between';
    socket.on('connect', () => end(good('peer', `${name} answers on ${address}:${port}`)));
    socket.on('timeout', () => end(bad('peer', `${name} does not answer on ${address}:${port}`, remedy)));
    socket.on('error', (error) => end(bad('peer', `${name}: ${messageOf(error)}`, remedy)));
  });
}
