/** A value's owner string and a file's uid and gid: `user:group`, a part without a name here is `#number`. */
import type { Accounts } from '../../../sys/accounts.ts';
import { parseIdentity } from '../../../sys/identity.ts';
import type { Stat } from '../../../sys/sys.ts';
import type { Applied } from '../core/types.ts';

/** How ownership travels, as in the config. */
export type OwnerMode = 'name' | 'numeric' | 'ignore';

/** How a mapping reads and writes owners on this node. */
export interface OwnerRules {
  readonly owner: OwnerMode;
  readonly accounts: Accounts;
}

/**
 * `mode` and `owner` of what was found, in the words of what is believed (of the path, or of the one that it was moved
 * from) where the disk is as it was left: what a node could not take over (a user that it lacks, and with it set-uid)
 * must not come back as a change.
 */
export function metadataOf(
  rules: OwnerRules,
  stat: Stat,
  believed: Pick<Applied, 'value' | 'identity'> | null,
): { readonly mode: number; readonly owner: string } {
  const was = believed?.identity == null ? null : parseIdentity(believed.identity);
  if (was === null || believed === null || believed.value.kind === 'absent')
    return { mode: stat.mode, owner: ownerText(rules, stat, null, null) };
  const { value } = believed;
  const [user, group] = splitOwner(value.owner);
  return {
    mode: 'mode' in value && was.mode === stat.mode ? value.mode : stat.mode,
    owner: ownerText(rules, stat, was.uid === stat.uid ? user : null, was.gid === stat.gid ? group : null),
  };
}

function ownerText(rules: OwnerRules, stat: Stat, user: string | null, group: string | null): string {
  if (rules.owner === 'ignore') return '';
  const names = rules.owner === 'name' ? rules.accounts : null;
  const userText = user ?? names?.userName(stat.uid) ?? `#${stat.uid}`;
  return `${userText}:${group ?? names?.groupName(stat.gid) ?? `#${stat.gid}`}`;
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
