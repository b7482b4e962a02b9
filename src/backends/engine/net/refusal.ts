/**
 * Why two nodes do not link up: every reason with its two messages, the one for this node's operator and the one that the
 * other side is told. What the other side learns is what it needs to mend the fault: it named the groups and the node
 * itself, and a fingerprint is no secret.
 */
import type { NodeId } from '../core/types.ts';
import type { ByeCode, GroupFault } from '../wire/greeting.ts';
import type { LinkProblem } from './link.ts';

export interface Refusal {
  readonly code: ByeCode;
  readonly problem: LinkProblem;
  /** for the peer's operator */
  readonly told: string;
}

/** Who is who in a message: `peer` as it is configured or as it calls itself, `at` its address. */
export interface Parties {
  readonly self: NodeId;
  readonly peer: string;
  readonly at: string;
}

const PROBLEM_CODE: Record<ByeCode, LinkProblem['code']> = {
  closing: 'down',
  duplicate: 'down',
  protocol: 'refused-protocol',
  'wrong-node': 'refused-identity',
  'same-name': 'refused-identity',
  clone: 'refused-identity',
  certificate: 'refused-certificate',
  'foreign-group': 'foreign-group',
  'wrong-key': 'refused-key',
};

function refusal(code: ByeCode, message: string, hint: string | null, told: string): Refusal {
  return { code, problem: { code: PROBLEM_CODE[code], message, hint }, told };
}

/** The peer refused us: its words, under a code of ours. */
export function toldByPeer(peer: string, code: ByeCode, message: string): LinkProblem {
  return { code: PROBLEM_CODE[code], message: `${peer} refuses this node: ${message}`, hint: null };
}

export function wrongNode({ self, peer, at }: Parties, wanted: string): Refusal {
  return refusal(
    'wrong-node',
    `${peer} at ${at} calls this node ${wanted}, but it is ${self}`,
    `on ${peer}: correct the address of ${wanted}; or correct \`node\` here`,
    `the node at this address is ${self}, not ${wanted}: correct the address of ${wanted}, or \`node\` on that machine`,
  );
}

/** Seen by the dialer: another node than the one that it dialed. */
export function answeredByAnother({ self, peer, at }: Parties, name: string): Refusal {
  return refusal(
    'wrong-node',
    `${at} should be ${peer}, but is ${name}`,
    `correct the address of ${peer}, or \`node\` on that machine`,
    `${self} dialed ${peer} and reached ${name}: correct the address of ${peer} on ${self}`,
  );
}

export function sameName({ self, at }: Parties): Refusal {
  return refusal(
    'same-name',
    `a second node calls itself ${self}: the one at ${at}`,
    'give each node its own name (`node`), as it stands in the group’s hosts',
    `the node at this address is called ${self} as well: give each node its own name`,
  );
}

export function ownAddress({ self }: Parties, wanted: string): Refusal {
  return refusal(
    'wrong-node',
    `the address of ${wanted} leads back to this node, ${self}`,
    `correct the address of ${wanted} in the group’s hosts`,
    `the address of ${wanted} leads back to the node itself`,
  );
}

export function clone({ self, peer, at }: Parties): Refusal {
  return refusal(
    'clone',
    `two daemons run as ${peer}; one of them is at ${at}`,
    `stop the one that should not be (a copied machine?), give it another \`node\` and an empty state_dir, then restart ${peer}`,
    `${self} hears two daemons that both call themselves ${peer}: stop one, then restart the other`,
  );
}

export function certificateChanged({ self, peer, at }: Parties, pinned: string, shown: string): Refusal {
  return refusal(
    'certificate',
    `${peer} at ${at} shows another certificate than before: SHA-256 ${shown}, pinned is ${pinned}`,
    `if ${peer} was installed anew: csyncd peers forget ${peer}`,
    `${self} knows ${peer} by the certificate with SHA-256 ${pinned}, not ${shown}; if ${peer} was installed anew, run on ${self}: csyncd peers forget ${peer}`,
  );
}

export function certificateUnsigned({ self, peer, at }: Parties, why: string): Refusal {
  return refusal(
    'certificate',
    `the certificate of ${peer} at ${at} is not valid under tls.ca: ${why}`,
    `give ${peer} a certificate of that CA in its tls.cert`,
    `${self} accepts certificates of its CA only, and the one shown is not valid under it: ${why}`,
  );
}

export function certificateOfAnother({ self, peer, at }: Parties, names: string): Refusal {
  return refusal(
    'certificate',
    `the certificate of ${peer} at ${at} does not name ${peer}, but ${names}`,
    `name the node in the group’s hosts as in its certificate, or give it a certificate that names ${peer}`,
    `the certificate shown to ${self} does not name ${peer}, but ${names}`,
  );
}

/** No group in common; the first fault speaks for all of them. */
export function noGroup(parties: Parties, faults: ReadonlyMap<string, GroupFault>): Refusal {
  const [[group, fault] = ['', 'unknown-group' as const]] = faults;
  const code: ByeCode = fault === 'wrong-key' ? 'wrong-key' : 'foreign-group';
  return refusal(code, ...groupMessages(parties, group, fault));
}

/** A group that a link does without, seen by the side that refused it. */
export function groupRefused(parties: Parties, group: string, fault: GroupFault): LinkProblem {
  const [message, hint] = groupMessages(parties, group, fault);
  return { code: fault === 'wrong-key' ? 'refused-key' : 'foreign-group', message, hint };
}

/** The same, seen by the side that offered it. */
export function groupRefusedByPeer(
  { self, peer, at }: Parties,
  group: string,
  fault: GroupFault,
): LinkProblem {
  const [, , told] = groupMessages({ self: peer as NodeId, peer: self, at }, group, fault);
  return toldByPeer(peer, fault === 'wrong-key' ? 'wrong-key' : 'foreign-group', told);
}

/** A group that we are both configured for here, and that the peer did not name. */
export function groupNotOffered({ peer }: Parties, group: string): LinkProblem {
  return {
    code: 'foreign-group',
    message: `${peer} does not take part in group ${group} with this node`,
    hint: `compare the hosts of group ${group} on both nodes`,
  };
}

function groupMessages(
  { self, peer, at }: Parties,
  group: string,
  fault: GroupFault,
): [string, string, string] {
  switch (fault) {
    case 'wrong-key':
      return [
        `${peer} at ${at} has another key for group ${group}`,
        `copy the group's key_file from one node to all others`,
        `${self} has another key for group ${group}: copy the group's key_file from one node to all others`,
      ];
    case 'not-a-member':
      return [
        `${peer} at ${at} claims to be in group ${group}, whose hosts do not name it here`,
        `add ${peer} to the hosts of group ${group} on all nodes`,
        `group ${group} on ${self} has no host ${peer}: make the hosts of the group the same on all nodes`,
      ];
    case 'unknown-group':
      return [
        `${peer} at ${at} speaks of a group ${group} that is not configured here, or has no usable key`,
        `compare the groups of ${peer} and this node; csyncd status`,
        `there is no group ${group} on ${self}, or it has no usable key there`,
      ];
  }
}
