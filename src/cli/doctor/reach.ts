/** Without a daemon: whether the peers' addresses resolve and answer. */
import { connect } from 'node:net';
import type { Config } from '../../config/model.ts';
import { messageOf } from '../../util/errors.ts';
import { bad, good, type Finding } from './finding.ts';

const PATIENCE_MS = 3_000;

interface Peer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly remedy: string;
}

export async function examineReach(config: Config): Promise<Finding[]> {
  const peers = config.groups.flatMap(({ hosts, csync2 }): Peer[] => {
    const program = csync2 === null ? 'csyncd runs' : "csync2's listener runs (csyncd starts it)";
    const remedy = `see that ${program} there, that the name resolves, and that no firewall is between`;
    const others = hosts.filter(({ name }) => name !== config.node);
    // All hosts of a group have the same port for csync2.
    return others.map(({ name, address, port }) => ({ name, address, port: csync2?.port ?? port, remedy }));
  });
  const places = new Map(peers.map((peer) => [`${peer.address}:${peer.port}`, peer]));
  return Promise.all([...places.values()].map(reach));
}

async function reach({ name, address, port, remedy }: Peer): Promise<Finding> {
  const problem = await dialed(address, port);
  if (problem === null) return good('peer', `${name} answers on ${address}:${port}`);
  return bad('peer', `${name} does not answer on ${address}:${port}: ${problem}`, remedy);
}

/** Why no connection came about within three seconds; null when one did. */
export function dialed(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const end = (problem: string | null): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.on('connect', () => end(null));
    socket.on('timeout', () => end(`silent for ${PATIENCE_MS / 1000} s`));
    socket.on('error', (error) => end(messageOf(error)));
  });
}
