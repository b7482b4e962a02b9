/**
 * Takes calls. Whoever has not proved anything costs a place among a bounded number, a bounded time, and one small frame;
 * when the places run out the oldest goes, because an honest peer needs its place for milliseconds.
 */
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { CsyncdError, codeOf, messageOf } from '../../../util/errors.ts';
import { encodeGreeting } from '../wire/greeting.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { addressOf, Connection } from './connection.ts';
import type { Context } from './context.ts';
import { reasonOf } from './dial-problem.ts';
import { answer, Refused } from './handshake.ts';
import type { Session } from './handshake.ts';
import type { LinkProblem } from './link.ts';
import type { Peer } from './peer.ts';
import type { PeerLink } from './peer-link.ts';
import { noGroup } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { createTlsServer, serverOptions } from './tls.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export class Listener {
  readonly #context: Context;
  readonly #peers: ReadonlyMap<string, Peer>;
  readonly #server: Server;
  readonly #pending = new Map<Socket, NodeJS.Timeout>();

  constructor(context: Context, peers: ReadonlyMap<string, Peer>) {
    this.#context = context;
    this.#peers = peers;
    this.#server = createTlsServer(context.local.identity, context.timing.handshakeMs);
    this.#server.on('connection', (tcp: Socket) => this.#arrived(tcp));
    this.#server.on('secureConnection', (socket: TLSSocket) => void this.#secured(socket));
    this.#server.on('tlsClientError', (error: Error, socket: TLSSocket) => this.#notSecured(error, socket));
  }

  /** Rejects with CsyncdError `cannot-listen`. Returns the real port when 0 was asked for. */
  listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(cannotListen(error, host, port));
      this.#server.once('error', fail);
      this.#server.listen({ host, port, backlog: 511 }, () => {
        this.#server.off('error', fail);
        this.#server.on('error', () => undefined);
        const address = this.#server.address();
        resolve({ host, port: typeof address === 'object' && address !== null ? address.port : port });
      });
    });
  }

  /** Links that came in through it stay. */
  close(): Promise<void> {
    for (const tcp of this.#pending.keys()) tcp.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      if (!this.#server.listening) resolve();
      // Node calls back when the last connection is gone; the port itself is free at once.
      setImmediate(resolve);
    });
  }

  /** New calls are answered with the new certificate. */
  identityChanged(): void {
    const { local, timing } = this.#context;
    this.#server.setSecureContext(serverOptions(local.identity, timing.handshakeMs));
  }

  /** Connections that have proved nothing yet. */
  get pending(): number {
    return this.#pending.size;
  }

  #arrived(tcp: Socket): void {
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && this.#pending.size >= this.#context.timing.maxPending) {
      this.#settled(oldest);
      oldest.destroy();
    }
    tcp.on('error', () => tcp.destroy());
    const timer = setTimeout(() => tcp.destroy(), this.#context.timing.handshakeMs).unref();
    this.#pending.set(tcp, timer);
    tcp.once('close', () => this.#settled(tcp));
  }

  #settled(tcp: Socket): void {
    clearTimeout(this.#pending.get(tcp));
    this.#pending.delete(tcp);
  }

  #notSecured(error: Error, socket: TLSSocket): void {
    const code = codeOf(error) ?? '';
    if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
      this.#refused(null, addressOf(socket), notOurs(addressOf(socket), reasonOf(error)));
    }
    socket.destroy();
  }

  async #secured(socket: TLSSocket): Promise<void> {
    const tcp = lowerSocket(socket);
    const connection = new Connection({ socket, tcp });
    if (socket.isSessionReused()) return connection.close('a resumed session');
    try {
      const taken: { peer: Peer | null; link: PeerLink | null } = { peer: null, link: null };
      const session = await answer(connection, this.#context.local, async (caller) => {
        const peer = this.#peers.get(caller.peer);
        if (peer === undefined) return noPeer(this.#context, caller);
        taken.peer = peer;
        if (caller.channel === 'control') return peer.admit(caller, connection);
        taken.link = await peer.linkFor(caller);
        return taken.link === null ? noLink() : null;
      });
      this.#settled(tcp);
      if (taken.link !== null) taken.link.attachBulk(connection);
      else taken.peer?.called(session, connection);
    } catch (error) {
      this.#failed(connection, error);
    }
  }

  #failed(connection: Connection, error: unknown): void {
    if (error instanceof Refused) {
      if (error.code !== 'duplicate') this.#refused(error.claimed, connection.at, error.problem);
    } else if (error instanceof ProtocolError) {
      const farewell = encodeGreeting({ kind: 'bye', code: 'protocol', message: error.message });
      connection.close(error.message, farewell);
      this.#refused(null, connection.at, notOurs(connection.at, error.message));
    } else {
      connection.close(messageOf(error));
    }
  }

  #refused(claimed: string | null, at: string, problem: LinkProblem): void {
    const peer = claimed === null ? undefined : this.#peers.get(claimed);
    if (peer === undefined) this.#context.strangers.report(at, problem);
    else peer.report(problem, at);
  }
}

// Node keeps the accepted socket below the TLS one; there is no public way to it.
function lowerSocket(socket: TLSSocket): Socket {
  const { _parent: parent } = socket as TLSSocket & { _parent?: Socket };
  return parent ?? socket;
}

function noPeer({ local }: Context, { peer, at, groups }: Session): Refusal {
  const [group = ''] = groups;
  return noGroup({ self: local.node, peer, at }, new Map([[group, 'not-a-member']]));
}

function noLink(): Refusal {
  const told = 'there is no link that this bulk connection could belong to';
  return { code: 'duplicate', problem: { code: 'down', message: told, hint: null }, told };
}

function notOurs(at: string, why: string): LinkProblem {
  return {
    code: 'refused-protocol',
    message: `${at} called and does not speak csyncd's protocol: ${why}`,
    hint: 'a port scanner, another program with this port in its config, or a version of csyncd that is too old',
  };
}

function cannotListen(error: Error, host: string, port: number): CsyncdError {
  const code = codeOf(error);
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const options = { data: { host, port }, cause: error };
  switch (code) {
    case 'EADDRINUSE':
      return new CsyncdError('port-in-use', `cannot listen on ${at}: another program uses the port`, {
        ...options,
        hint: `see which one it is (ss -ltnp 'sport = :${port}') and stop it, or set \`listen\` to another port`,
      });
    case 'EADDRNOTAVAIL':
      return new CsyncdError('cannot-listen', `cannot listen on ${at}: this machine has no such address`, {
        ...options,
        hint: 'set `listen` to an address of this machine, or to 0.0.0.0 or [::]',
      });
    default:
      return new CsyncdError('cannot-listen', `cannot listen on ${at}: ${messageOf(error)}`, options);
  }
}
