/** Which of the hosts this machine is. */
import { didYouMean } from './suggest.ts';

export type ThisNode =
  | { readonly ok: true; readonly node: string }
  | { readonly ok: false; readonly message: string; readonly hint: string };

/**
 * Finds this node among the hosts of all groups. `named` is the config's `node`, taken as it stands; without it the
 * machine's host name is looked for, short or full and in any case: `web1.example.org` is `web1` in a group's hosts,
 * and `web1` is `web1.example.org`.
 */
export function findThisNode(named: string | null, hostName: string, hosts: readonly string[]): ThisNode {
  const names = [...new Set(hosts)];
  if (named !== null) {
    if (names.includes(named)) return { ok: true, node: named };
    return { ok: false, message: `node "${named}" is in no group's hosts`, hint: didYouMean(named, names) };
  }
  const found = best(
    names.filter((name) => name === hostName),
    names.filter((name) => name.toLowerCase() === hostName.toLowerCase()),
    names.filter((name) => isShortOrFull(name, hostName)),
  );
  const [node, other] = found;
  if (node === undefined) {
    const hint = 'set node to the name that this machine has in the hosts';
    return { ok: false, message: `this machine is named "${hostName}", which is in no group's hosts`, hint };
  }
  if (other !== undefined) {
    const message = `this machine is named "${hostName}", which could be ${found.join(' or ')}`;
    return { ok: false, message, hint: 'set node to one of them' };
  }
  return { ok: true, node };
}

/** The first that is not empty. */
function best(...lists: readonly string[][]): string[] {
  return lists.find((list) => list.length > 0) ?? [];
}

function isShortOrFull(name: string, hostName: string): boolean {
  const [a, b] = [name.toLowerCase(), hostName.toLowerCase()];
  const bothFull = a.includes('.') && b.includes('.');
  return !bothFull && a.split('.')[0] === b.split('.')[0];
}
