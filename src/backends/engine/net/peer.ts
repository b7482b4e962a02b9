/** One peer: dials it for ever, takes its calls, and keeps at most one link to it. */
import { randomUUID } from 'node:crypto';
import { backoffMs } from '../../../util/backoff.ts';
import type { NodeId } from '../core/types.ts';
import { encodeGreeting } from '../wire/greeting.ts';
import { arbitrate } from './arbiter.ts';
import { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { problemOf } from './dial-problem.ts';
import { sharedGroups } from './group-key.ts';
import { greet, Refused } from './handshake.ts';
import type { Session } from './handshake.ts';
import type { LinkProblem } from './link.ts';
import { PeerLink } from './peer-link.ts';
import { clone } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { Runs } from './runs.ts';
import { dialTls } from './tls.ts';

export interface PeerAddress {
  readonly name: NodeId;
  readonly host: string;
  readonly port: number;
}

/** A link that ended sooner did not help: the back-off goes on where it was. */
const SETTLED_MS = 10_000;
/** Ended links that a hello names. */
const REMEMBERED = 16;

interface Dial {
  stage: 'reaching' | 'greeting';
  readonly link: string;
  readonly abort: AbortController;
  /** ended for a call of the peer's, which is no failure */
  gaveWay: boolean;
}

interface Call {
  readonly link: string;
  readonly connection: Connection;
  /** when it is clear whether a link came of it */
  readonly settled: PromiseWithResolvers<void>;
}

export class Peer {
  address: PeerAddress;
  readonly name: NodeId;
  readonly #context: Context;
  readonly #runs = new Runs();
  #link: { readonly link: PeerLink; readonly since: number } | null = null;
  #dial: Dial | null = null;
  /** a call that was taken, until the caller has accepted */
  #call: Call | null = null;
  #bulkDial: AbortController | null = null;
  #gone: string[] = [];
  #attempt = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(context: Context, address: PeerAddress) {
    this.#context = context;
    this.address = address;
    this.name = address.name;
  }

  /** Dials now instead of waiting for the back-off to end. */
  nudge(): void {
    this.#attempt = 0;
    this.#dialAfter(0);
  }

  stop(reason: string): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dial?.abort.abort(reason);
    this.#call?.connection.close(reason);
    this.#link?.link.close(reason);
  }

  /** The config has changed: a link that proved other groups, or other keys, is made anew. */
  reconfigured(): void {
    const link = this.#link?.link;
    if (link !== undefined && link.session.shared !== this.#shared()) link.close('the configuration changed');
    this.nudge();
  }

  /** Tells the engine of a failure, unless the peer is linked: then it was somebody else, or does not matter. */
  report(problem: LinkProblem, at: string): void {
    if (this.#stopped) return;
    if (this.#link === null) this.#context.events.problem(this.name, problem);
    else this.#context.strangers.report(at, problem);
  }

  /** A call for a link, all proofs given. null: taken; `called` follows, or the connection closes. */
  admit(session: Session, connection: Connection): Refusal | null {
    const { local } = this.#context;
    const parties = { self: local.node, peer: this.name, at: session.at };
    if (this.#runs.isCloned(session.run)) return clone(parties);
    const link =
      this.#link === null ? null : { id: this.#link.link.session.link, run: this.#link.link.runId };
    const standing = { link, dial: this.#dial?.stage ?? 'none' } as const;
    const verdict = arbitrate(local.node, standing, {
      from: this.name,
      run: session.run,
      gone: session.gone,
    });
    if (verdict === 'duplicate') return duplicate(this.name);
    // Only where the caller's word counts more than our own dial; the higher-named node's dial is refused over there.
    if (local.node < this.name) this.#giveWay();
    this.#call?.connection.close('the peer called again');
    const settled = Promise.withResolvers<void>();
    connection.onClose = () => {
      settled.resolve();
      if (this.#call?.connection !== connection) return;
      this.#call = null;
      this.#forgetLink(session.link);
      this.#dialAfter(this.#backoff());
    };
    this.#call = { link: session.link, connection, settled };
    return null;
  }

  /** The caller has accepted: the link stands. */
  called(session: Session, connection: Connection): void {
    const call = this.#call;
    if (call?.connection !== connection) return connection.close('the peer called again');
    this.#call = null;
    this.#establish(session, connection);
    call.settled.resolve();
  }

  /** Waits until it is clear whether the link that a bulk connection is for stands; null: it does not. */
  async linkFor(session: Session): Promise<PeerLink | null> {
    if (this.#call?.link === session.link) await this.#call.settled.promise;
    const link = this.#link?.link;
    if (link === undefined || link.session.link !== session.link || link.hasBulk) return null;
    return link.session.fingerprint === session.fingerprint && link.runId === session.run ? link : null;
  }

  #dialAfter(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stopped || this.#link !== null || this.#dial !== null || this.#call !== null) return;
    if (this.#shared() === '') return;
    if (ms === 0) void this.#dialNow();
    else this.#timer = setTimeout(() => this.#dialAfter(0), ms).unref();
  }

  async #dialNow(): Promise<void> {
    const dial: Dial = {
      stage: 'reaching',
      link: randomUUID(),
      abort: new AbortController(),
      gaveWay: false,
    };
    this.#dial = dial;
    const { address } = this;
    try {
      const { connection, session } = await this.#greetAt(address, dial, 'control');
      this.#dial = null;
      if (this.#stopped) return connection.close('the node stops');
      const link = this.#establish(session, connection);
      if (link !== null) void this.#dialBulk(address, link);
    } catch (error) {
      this.#dial = null;
      this.#forgetLink(dial.link);
      const isDuplicate = error instanceof Refused && error.code === 'duplicate';
      if (!dial.gaveWay && !isDuplicate)
        this.report(problemOf(error, this.name, addressText(address)), addressText(address));
      this.#dialAfter(this.#backoff());
    }
  }

  async #dialBulk(address: PeerAddress, link: PeerLink): Promise<void> {
    const abort = new AbortController();
    this.#bulkDial = abort;
    try {
      const dial: Dial = { stage: 'reaching', link: link.session.link, abort, gaveWay: false };
      const { connection, session } = await this.#greetAt(address, dial, 'bulk');
      if (session.run !== link.runId || session.fingerprint !== link.session.fingerprint) {
        connection.close('another daemon answered');
        throw new Error('another daemon answered');
      }
      link.attachBulk(connection);
    } catch (error) {
      link.close(`no bulk connection: ${problemOf(error, this.name, addressText(address)).message}`);
    }
  }

  async #greetAt(address: PeerAddress, dial: Dial, channel: 'control' | 'bulk') {
    const { local, timing } = this.#context;
    const { signal } = dial.abort;
    const timer = setTimeout(
      () => dial.abort.abort(`no link within ${timing.handshakeMs / 1000} s`),
      timing.handshakeMs,
    );
    try {
      const connection = new Connection(await dialTls(address, local.identity, signal));
      signal.addEventListener('abort', () => connection.close(String(signal.reason)));
      dial.stage = 'greeting';
      const call = { peer: this.name, channel, link: dial.link, gone: this.#gone };
      return { connection, session: await greet(connection, local, call) };
    } finally {
      clearTimeout(timer);
    }
  }

  #establish(session: Session, connection: Connection): PeerLink | null {
    const { local, rates, events } = this.#context;
    if (this.#runs.alive(session.run) === 'clone') return this.#refuseClone(session, connection);
    if (session.shared !== this.#shared()) {
      connection.close('the configuration changed');
      this.#dialAfter(this.#backoff());
      return null;
    }
    try {
      if (session.fresh) local.pins.pin(this.name, session.fingerprint, local.now());
    } catch (error) {
      connection.close('the certificate cannot be kept');
      throw error;
    }
    this.#link?.link.close('replaced by a new connection');
    this.#giveWay();
    const link = new PeerLink(connection, session, rates, () => this.#linkClosed(link));
    this.#link = { link, since: performance.now() };
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#expectBulk(link);
    link.start(events.linked(link));
    return link.closed ? null : link;
  }

  #refuseClone(session: Session, connection: Connection): null {
    const { code, problem, told } = clone({
      self: this.#context.local.node,
      peer: this.name,
      at: session.at,
    });
    connection.close(problem.message, encodeGreeting({ kind: 'bye', code, message: told }));
    this.#link?.link.close(problem.message);
    this.report(problem, session.at);
    this.#dialAfter(this.#backoff());
    return null;
  }

  #expectBulk(link: PeerLink): void {
    setTimeout(() => {
      if (!link.hasBulk) link.close('no bulk connection came');
    }, this.#context.timing.handshakeMs * 2).unref();
  }

  #giveWay(): void {
    if (this.#dial === null) return;
    this.#dial.gaveWay = true;
    this.#dial.abort.abort('the peer called first');
  }

  #linkClosed(link: PeerLink): void {
    this.#forgetLink(link.session.link);
    if (this.#link?.link !== link) return;
    this.#bulkDial?.abort('the link is gone');
    this.#bulkDial = null;
    if (performance.now() - this.#link.since > SETTLED_MS) this.#attempt = 0;
    this.#link = null;
    this.#dialAfter(this.#backoff());
  }

  #forgetLink(id: string): void {
    this.#gone = [...this.#gone.filter((known) => known !== id), id].slice(-REMEMBERED);
  }

  #backoff(): number {
    const { firstRetryMs, maxRetryMs } = this.#context.timing;
    return backoffMs(this.#attempt++, { firstMs: firstRetryMs, maxMs: maxRetryMs }, Math.random());
  }

  #shared(): string {
    const { groups, node } = this.#context.local;
    return sharedGroups(groups, node, this.name);
  }
}

function duplicate(peer: NodeId): Refusal {
  const message = 'there is a link already, or about to be';
  return {
    code: 'duplicate',
    problem: { code: 'down', message: `${peer}: ${message}`, hint: null },
    told: message,
  };
}

function addressText({ host, port }: PeerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
