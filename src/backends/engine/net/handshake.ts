/**
 * Who is at the other end of a TLS connection, and which groups it is in. After `hello` the listener knows, after
 * `welcome` the dialer, and `accept` ends it; whoever is not satisfied says `bye` with the reason and closes.
 */
import type { NodeId } from '../core/types.ts';
import { sharedFeatures } from '../wire/features.ts';
import { decodeGreeting, encodeGreeting } from '../wire/greeting.ts';
import type { ByeCode, Greeting, GroupFault, Hello, Welcome } from '../wire/greeting.ts';
import { checkCertificate } from './certificate-check.ts';
import type { Connection } from './connection.ts';
import { sharedGroups } from './group-key.ts';
import type { GroupKey } from './group-key.ts';
import type { Identity } from './identity.ts';
import type { LinkProblem } from './link.ts';
import type { Pins } from './pins.ts';
import { proofOf, provesKey } from './proof.ts';
import * as refusals from './refusal.ts';
import type { Parties, Refusal } from './refusal.ts';
import { keyingMaterial, shownCertificate } from './tls.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

/** This node, as it presents itself. */
export interface Local {
  readonly node: NodeId;
  readonly run: string;
  readonly version: string;
  readonly features: readonly string[];
  readonly groups: readonly GroupKey[];
  readonly identity: Identity;
  readonly pins: Pins;
  readonly now: () => number;
}

/** What the handshake established about the peer. */
export interface Session {
  readonly peer: NodeId;
  readonly at: string;
  readonly run: string;
  readonly features: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, LinkProblem>;
  /** the groups and keys that this node shared with the peer at that time (group-key.ts) */
  readonly shared: string;
  readonly clockSkewMs: number;
  readonly fingerprint: string;
  /** the certificate is not pinned yet */
  readonly fresh: boolean;
  readonly channel: 'control' | 'bulk';
  readonly link: string;
  /** links that the dialer has given up */
  readonly gone: readonly string[];
}

/** The handshake ended by somebody's decision, with a `bye`. */
export class Refused extends Error {
  readonly code: ByeCode;
  readonly problem: LinkProblem;
  /** the name that the peer goes by; not proven */
  readonly claimed: string;

  constructor(claimed: string, code: ByeCode, problem: LinkProblem) {
    super(problem.message);
    this.name = 'Refused';
    this.claimed = claimed;
    this.code = code;
    this.problem = problem;
  }
}

export interface Call {
  readonly peer: NodeId;
  readonly channel: 'control' | 'bulk';
  readonly link: string;
  readonly gone: readonly string[];
}

/** The dialer's side. Rejects with Refused, ProtocolError, or the connection's end. */
export async function greet(connection: Connection, local: Local, call: Call): Promise<Session> {
  const { peer } = call;
  const parties = { self: local.node, peer, at: connection.at };
  const material = keyingMaterial(connection.socket);
  const offered = local.groups.filter(
    ({ members }) => members.includes(local.node) && members.includes(peer),
  );
  const groups = offered.map(({ name, key }) => ({
    name,
    proof: proofOf(key, {
      keyingMaterial: material,
      role: 'dialer',
      prover: local.node,
      verifier: peer,
      group: name,
    }),
  }));
  const { channel, link, gone } = call;
  say(connection, {
    kind: 'hello',
    ...introduction(local),
    groups,
    to: peer,
    channel,
    link,
    gone: [...gone],
  });
  const welcome = await hear(connection, 'welcome', peer);
  if (welcome.node !== peer) refuse(connection, peer, refusals.answeredByAnother(parties, welcome.node));
  const { fingerprint, fresh } = checkedCertificate(connection, local, parties);
  for (const { name, proof } of welcome.groups) {
    const key = offered.find((group) => group.name === name)?.key;
    const of = {
      keyingMaterial: material,
      role: 'listener',
      prover: peer,
      verifier: local.node,
      group: name,
    } as const;
    if (key === undefined || !provesKey(proof, key, of)) {
      refuse(connection, peer, refusals.noGroup(parties, new Map([[name, 'wrong-key']])));
    }
  }
  say(connection, { kind: 'accept' });
  const refused = new Map(
    welcome.refused.map(({ name, fault }) => [name, refusals.groupRefusedByPeer(parties, name, fault)]),
  );
  return { ...call, ...sessionOf(connection, local, welcome), fingerprint, fresh, refused };
}

/**
 * The listener's side.
 * @param admit has the last word, once everything is proven, before the peer is told
 */
export async function answer(
  connection: Connection,
  local: Local,
  admit: (session: Session) => Refusal | null | Promise<Refusal | null>,
): Promise<Session> {
  const hello = await hear(connection, 'hello', 'unknown');
  const parties = { self: local.node, peer: hello.node, at: connection.at };
  const stranger = wrongName(local, parties, hello);
  if (stranger !== null) refuse(connection, hello.node, stranger);
  const { fingerprint, fresh } = checkedCertificate(connection, local, parties);
  const material = keyingMaterial(connection.socket);
  const faults = groupFaults(local, hello, material);
  const proven = local.groups.filter(
    ({ name }) => hello.groups.some((group) => group.name === name) && !faults.has(name),
  );
  if (proven.length === 0) refuse(connection, hello.node, refusals.noGroup(parties, faults));
  const groups = proven.map(({ name, key }) => ({
    name,
    proof: proofOf(key, {
      keyingMaterial: material,
      role: 'listener',
      prover: local.node,
      verifier: hello.node,
      group: name,
    }),
  }));
  const session: Session = {
    peer: hello.node as NodeId,
    channel: hello.channel,
    link: hello.link,
    gone: hello.gone,
    ...sessionOf(connection, local, { ...hello, groups }),
    fingerprint,
    fresh,
    refused: refusedHere(local, parties, hello, faults),
  };
  const refusal = await admit(session);
  if (refusal !== null) refuse(connection, hello.node, refusal);
  const refused = [...faults].map(([name, fault]) => ({ name, fault }));
  say(connection, { kind: 'welcome', ...introduction(local), groups, refused });
  await hear(connection, 'accept', hello.node);
  return session;
}

/** Says why, closes the connection, and throws Refused. */
export function refuse(connection: Connection, claimed: string, { code, problem, told }: Refusal): never {
  connection.close(problem.message, encodeGreeting({ kind: 'bye', code, message: told }));
  throw new Refused(claimed, code, problem);
}

function introduction({ node, run, version, features, now }: Local) {
  return { node, run, version, features: [...features], time: now() };
}

function sessionOf(
  connection: Connection,
  local: Local,
  { node, run, features, time, groups }: Welcome | Omit<Hello, 'to'>,
) {
  return {
    at: connection.at,
    run,
    features: sharedFeatures(features, local.features),
    groups: new Set(groups.map(({ name }) => name)),
    shared: sharedGroups(local.groups, local.node, node),
    clockSkewMs: time - local.now(),
  };
}

function wrongName(local: Local, parties: Parties, hello: Hello): Refusal | null {
  if (hello.node === local.node) {
    return hello.run === local.run ? refusals.ownAddress(parties, hello.to) : refusals.sameName(parties);
  }
  return hello.to === local.node ? null : refusals.wrongNode(parties, hello.to);
}

function checkedCertificate(connection: Connection, local: Local, parties: Parties) {
  const verdict = checkCertificate(shownCertificate(connection.socket), parties, local);
  if (verdict.kind === 'refused') refuse(connection, parties.peer, verdict.refusal);
  return verdict;
}

/** The offered groups that the peer is not in, as far as this node can tell. */
function groupFaults(local: Local, hello: Hello, material: Buffer): Map<string, GroupFault> {
  const faults = new Map<string, GroupFault>();
  for (const { name, proof } of hello.groups) {
    const group = local.groups.find((own) => own.name === name);
    const of = {
      keyingMaterial: material,
      role: 'dialer',
      prover: hello.node,
      verifier: local.node,
      group: name,
    } as const;
    if (group === undefined) faults.set(name, 'unknown-group');
    else if (!group.members.includes(hello.node)) faults.set(name, 'not-a-member');
    else if (!provesKey(proof, group.key, of)) faults.set(name, 'wrong-key');
  }
  return faults;
}

function refusedHere(
  local: Local,
  parties: Parties,
  hello: Hello,
  faults: ReadonlyMap<string, GroupFault>,
): Map<string, LinkProblem> {
  const refused = new Map<string, LinkProblem>();
  for (const [name, fault] of faults) refused.set(name, refusals.groupRefused(parties, name, fault));
  for (const { name, members } of local.groups) {
    if (members.includes(hello.node) && !hello.groups.some((offered) => offered.name === name)) {
      refused.set(name, refusals.groupNotOffered(parties, name));
    }
  }
  return refused;
}

function say(connection: Connection, greeting: Greeting): void {
  connection.write(encodeGreeting(greeting));
}

async function hear<Kind extends Greeting['kind']>(
  connection: Connection,
  kind: Kind,
  from: string,
): Promise<Extract<Greeting, { kind: Kind }>> {
  const greeting = decodeGreeting(await connection.read());
  if (greeting.kind === 'bye') {
    connection.close(greeting.message);
    throw new Refused(from, greeting.code, refusals.toldByPeer(from, greeting.code, greeting.message));
  }
  if (greeting.kind !== kind)
    throw new ProtocolError('unexpected-frame', `${greeting.kind} where ${kind} is due`);
  return greeting as Extract<Greeting, { kind: Kind }>;
}
