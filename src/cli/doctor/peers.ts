/** What the daemon says of its peers: reachable, the same key and certificate, the same rules, the same time. */
import type { PeerStatus, StatusReport } from '../../control/client.ts';
import { spanText } from '../table.ts';
import { bad, doubtful, good, type Finding } from './finding.ts';

/** Policies compare times that nodes gave to files. */
const SKEW_MS = 2_000;

export function examinePeers(report: StatusReport): Finding[] {
  return Object.entries(report.groups).flatMap(([group, { peers }]) =>
    Object.entries(peers).flatMap(([peer, facts]) => examinePeer(`${peer} (${group})`, peer, facts)),
  );
}

function examinePeer(name: string, peer: string, facts: PeerStatus): Finding[] {
  const findings = [connection(name, peer, facts)];
  const { clock_skew_ms: skew } = facts;
  if (skew !== null && Math.abs(skew) > SKEW_MS) {
    const text = `the clock of ${name} differs by ${spanText(Math.abs(skew))}`;
    findings.push(bad('clock', text, 'run chrony or systemd-timesyncd on both'));
  }
  return findings;
}

function connection(name: string, peer: string, facts: PeerStatus): Finding {
  const { state, last_error, config_match, remedy } = facts;
  const error = last_error === null ? '' : `: ${last_error}`;
  switch (state) {
    case 'ok':
      return last_error === null
        ? good('peer', `${name} is connected`)
        : bad('peer', `${name} is connected, but has trouble${error}`, `on ${peer}: csyncd status`);
    case 'paused':
      return doubtful('peer', `${name} is paused${error}`, remedy ?? `csyncd resume --peer ${peer}`);
    case 'connecting':
      return doubtful('peer', `${name} is being connected${error}`, remedy ?? 'look again in a moment');
    case 'rejected':
      return bad(
        config_match === false ? 'config' : 'peer',
        `${name} is refused${error}`,
        remedy ?? `what the message says; csyncd doctor on ${peer} tells its side`,
      );
    case 'down':
      return bad(
        'peer',
        `${name} is not reached${error}`,
        remedy ?? 'see that csyncd runs there, that the address is right, and that no firewall is between',
      );
    default:
      return state satisfies never;
  }
}
