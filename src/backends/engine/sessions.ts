/** The sessions with linked peers: routes messages to replicas, and keeps what is told of a peer when it is away. */
import { CsyncdError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { NodeId } from './core/types.ts';
import type { Link, LinkHandlers, LinkProblem, NetworkEvents } from './net/link.ts';
import type { Pauses } from './pauses.ts';
import type { ContentTransfer } from './sync/content-transfer.ts';
import type { MappingEngine } from './sync/mapping-engine.ts';
import { answerQuestion } from './sync/questions.ts';
import { Session } from './sync/session.ts';
import type { Message } from './wire/messages.ts';

/** Changes that may wait for the disk before peers are asked to slow down. */
const BACKLOG = 4096;

export interface SessionsParts {
  /** the mappings of a group that are run here */
  engines(group: string): readonly MappingEngine[];
  transfer(): ContentTransfer;
  wake(): void;
  now(): number;
  readonly pauses: Pauses;
  readonly log: Logger;
}

interface Known {
  session: Session | null;
  problem: LinkProblem | null;
  /** kind of the problem that the log tells of */
  told: LinkProblem['code'] | null;
  lastSeen: number | null;
}

export class Sessions implements NetworkEvents {
  readonly #parts: SessionsParts;
  readonly #known = new Map<NodeId, Known>();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  get(peer: NodeId): Session | null {
    return this.#known.get(peer)?.session ?? null;
  }

  linkedTo(group: string, peer: NodeId): Session | null {
    const session = this.get(peer);
    return session !== null && session.link.groups.has(group) ? session : null;
  }

  problem(peer: NodeId, problem: LinkProblem): void {
    const known = this.#entry(peer);
    // By its kind: the two sides of one fault, and the ports of one caller's calls, have many wordings.
    if (known.told !== problem.code)
      this.#parts.log.warn({ peer, hint: problem.hint ?? undefined }, problem.message);
    known.told = problem.code;
    known.problem = problem;
  }

  stranger(from: string, problem: LinkProblem): void {
    this.#parts.log.warn({ from, hint: problem.hint ?? undefined }, problem.message);
  }

  /** Why the peer is not linked, or not for this group; null when it is, or nothing is known. */
  problemOf(group: string, peer: NodeId): LinkProblem | null {
    return this.get(peer)?.link.refused.get(group) ?? this.lastProblem(peer);
  }

  /** Why there is no link at all; null when there is one, or nothing is known. */
  lastProblem(peer: NodeId): LinkProblem | null {
    const known = this.#known.get(peer);
    return known?.session ? null : (known?.problem ?? null);
  }

  /** ms since 1970; null when never linked. */
  lastSeen(peer: NodeId): number | null {
    const known = this.#known.get(peer);
    return known?.session ? this.#parts.now() : (known?.lastSeen ?? null);
  }

  linked(link: Link): LinkHandlers {
    const known = this.#entry(link.peer);
    const session = new Session(
      link,
      {
        message: (message) => this.#route(session, message),
        answer: (method, params) =>
          answerQuestion(method, params, (group, mapping) => find(this.#enginesOf(session), group, mapping)),
        wake: () => this.#parts.wake(),
      },
      () => this.#parts.now(),
    );
    known.session = session;
    known.problem = null;
    known.told = null;
    this.#parts.log.info({ peer: link.peer, groups: [...link.groups] }, 'linked');
    const content = this.#parts.transfer().linked(link);
    for (const engine of this.#enginesOf(session)) engine.tell((replica) => replica.linked(link.peer));
    this.#parts.wake();
    return {
      message: (message) => session.receive(message),
      bulk: (frame) => {
        session.heard();
        return content.bulk(frame);
      },
      closed: (reason) => {
        session.closed(reason);
        content.closed();
        known.session = null;
        known.lastSeen = this.#parts.now();
        known.problem ??= { code: 'down', message: reason, hint: null };
        for (const engine of this.#enginesOf(session)) engine.tell((replica) => replica.unlinked(link.peer));
        this.#parts.log.info({ peer: link.peer, reason }, 'link closed');
      },
    };
  }

  /** A mapping that came to be while links were there. */
  introduce(engine: MappingEngine): void {
    for (const { session } of this.#known.values()) {
      if (session !== null && this.#enginesOf(session).includes(engine))
        engine.tell((replica) => replica.linked(session.peer));
    }
  }

  /** A person's pause of one mapping towards one peer, or its end. */
  pause(engine: MappingEngine, peer: NodeId, paused: boolean): void {
    const { group, mapping } = engine.replica.settings;
    const session = this.linkedTo(group, peer);
    if (!this.#parts.pauses.set(group, mapping, peer, paused) || session === null) return;
    if (paused) tellPaused(session, engine);
    engine.tell((replica) => (paused ? replica.unlinked(peer) : replica.linked(peer)));
    this.#parts.wake();
  }

  /** Lets peers send more, unless this node's disks are behind. */
  credit(): void {
    for (const { session } of this.#known.values()) {
      if (session !== null && !this.#enginesOf(session).some(isBehind)) session.credit();
    }
  }

  #entry(peer: NodeId): Known {
    const known = this.#known.get(peer) ?? { session: null, problem: null, told: null, lastSeen: null };
    this.#known.set(peer, known);
    return known;
  }

  #enginesOf(session: Session): MappingEngine[] {
    return this.#sharedWith(session).filter((engine) => !this.#isPaused(engine, session.peer));
  }

  /** Those that are paused for the peer too. */
  #sharedWith(session: Session): MappingEngine[] {
    return [...session.link.groups]
      .flatMap((group) => this.#parts.engines(group))
      .filter((engine) => engine.replica.settings.hosts.includes(session.peer));
  }

  #isPaused({ replica: { settings } }: MappingEngine, peer: NodeId): boolean {
    return this.#parts.pauses.has(settings.group, settings.mapping, peer);
  }

  #route(session: Session, message: Message): void {
    if (!('mapping' in message)) return;
    if (!session.link.groups.has(message.group)) {
      throw new CsyncdError(
        'foreign-group',
        `${session.peer} spoke of group ${message.group}, whose key it did not prove`,
      );
    }
    const engine = find(this.#sharedWith(session), message.group, message.mapping);
    if (engine === null) return;
    const isPaused = engine.isPaused || this.#isPaused(engine, session.peer);
    if (!isPaused) engine.receive(session.peer, message);
    // Who takes part from now on has not heard of the pause.
    else if (message.kind === 'open') tellPaused(session, engine);
  }
}

function find(engines: readonly MappingEngine[], group: string, mapping: string): MappingEngine | null {
  const isIt = ({ replica: { settings } }: MappingEngine): boolean =>
    settings.group === group && settings.mapping === mapping;
  return engines.find(isIt) ?? null;
}

function tellPaused(session: Session, { replica }: MappingEngine): void {
  const { about } = replica.shared;
  session.send({ kind: 'close', ...about, code: 'paused', reason: 'paused by an operator' });
}

/** One that is paused or waits for its root gets no work done, and must not keep what the link carries for others waiting. */
function isBehind({ replica }: MappingEngine): boolean {
  if (replica.state !== 'live') return false;
  const { pending, blocked } = replica.shared.rows.totals();
  return replica.applying.disk.problem === null && pending - blocked > BACKLOG;
}
