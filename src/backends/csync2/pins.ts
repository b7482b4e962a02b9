/** The peers of a group as `csyncd peers` shows them. */
import type { PeerIdentity } from '../backend.ts';
import type { GroupRun } from './group-run.ts';
import { pinnedCertificates } from './pinned.ts';

export async function listPins(run: GroupRun): Promise<PeerIdentity[]> {
  const { noSsl, places, program } = run.local.settings;
  const pinned = noSsl ? [] : await pinnedCertificates(places.databaseFile);
  return run.others.map(({ node, host }) => {
    const { state, lastError } = run.sending.lane(node).status();
    const certificate = pinned.find(({ peer }) => peer === host)?.certificate ?? null;
    return {
      node,
      fingerprint: certificate?.fingerprint256 ?? null,
      // csync2 does not write down when.
      pinned_at: null,
      address: `${host}:${program.port}`,
      state: state === 'ok' ? 'linked' : state,
      last_error: lastError,
    };
  });
}
