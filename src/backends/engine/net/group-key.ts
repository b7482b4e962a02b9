export interface GroupKey {
  readonly name: string;
  readonly key: Buffer;
  /** names of all hosts, this node's among them */
  readonly members: readonly string[];
}

/** The groups that two nodes share, with their keys, as text: a link must be made anew when it changes. */
export function sharedGroups(groups: readonly GroupKey[], self: string, peer: string): string {
  const shared = groups.filter(({ members }) => members.includes(self) && members.includes(peer));
  return shared
    .map(({ name, key }) => `${name}:${key.toString('hex')}`)
    .sort()
    .join(' ');
}
