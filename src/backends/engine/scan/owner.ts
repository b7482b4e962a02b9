/** A value's owner string and a file's uid and gid: `user:group`, a part without a name here is `#number`. */
import type { Accounts } from '../../../sys/accounts.ts';

/** How ownership travels, as in the config. */
export type OwnerMode = 'name' | 'numeric' | 'ignore';

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** What is believed of a path's owner: the string, and the ids that stand for it on this node's disk. */
export interface BelievedOwner extends Ids {
  readonly owner: string;
}

/**
 * The owner string of a file found on the disk. A part whose id is still the believed one keeps its believed text: a node
 * that lacks a user stores the file under another id, and must not announce that as a change.
 */
export function ownerText(
  found: Ids,
  mode: OwnerMode,
  accounts: Accounts,
  believed: BelievedOwner | null,
): string {
  if (mode === 'ignore') return '';
  const [user, group] = splitOwner(believed?.owner ?? '');
  const keepUser = user !== null && believed?.uid === found.uid;
  const keepGroup = group !== null && believed?.gid === found.gid;
  const byName = mode === 'name';
  const userText = keepUser ? user : ((byName ? accounts.userName(found.uid) : null) ?? `#${found.uid}`);
  const groupText = keepGroup ? group : ((byName ? accounts.groupName(found.gid) : null) ?? `#${found.gid}`);
  return `${userText}:${groupText}`;
}

/** The ids that an owner string stands for on this node; null for a part that is unknown here, or not said. */
export function ownerIds(
  owner: string,
  accounts: Accounts,
): { readonly uid: number | null; readonly gid: number | null } {
  const [user, group] = splitOwner(owner);
  return {
    uid: user === null ? null : (numberOf(user) ?? accounts.uid(user)),
    gid: group === null ? null : (numberOf(group) ?? accounts.gid(group)),
  };
}

function splitOwner(owner: string): [string | null, string | null] {
  const colon = owner.indexOf(':');
  return colon === -1 ? [null, null] : [owner.slice(0, colon), owner.slice(colon + 1)];
}

/** Ids are 32 bits; the greatest means "leave it" to chown. */
function numberOf(part: string): number | null {
  if (!/^#\d{1,10}$/.test(part)) return null;
  const id = Number(part.slice(1));
  return id < 0xffff_ffff ? id : null;
}
