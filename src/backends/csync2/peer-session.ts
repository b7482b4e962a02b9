/**
 * A session with a peer's csync2, for what its own client cannot say: the peer's whole table (`csync2 -T` leaves out what
 * the peer alone has behind the last name that we have), and the wish that it sends a file again.
 *
 * Lines end with LF; the server speaks only when spoken to. Its texts are bytes: latin1 strings here.
 */
import type { X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import { kindOf } from './checktxt.ts';
import { decode, encode } from './encoding.ts';
import type { Divergence } from './peer-tables.ts';

export interface SessionOptions {
  /** what this node is to the peer: it resolves to the address that we connect from */
  readonly self: string;
  readonly peer: string;
  readonly port: number;
  readonly configName: string | null;
  /** this node's certificate and key in PEM; null = in clear */
  readonly identity: { readonly cert: string; readonly key: string } | null;
  /** the peer's certificate as csync2 pinned it; null = not seen yet */
  readonly pinned: X509Certificate | null;
  readonly signal: AbortSignal;
}

/** A peer that says nothing for so long is not waited for, ms. */
const SILENCE_MS = 30_000;
const CONNECT_MS = 5_000;
const OWED = 'File is also marked dirty here';
const REFUSED = 'Permission denied';

export class PeerSession {
  readonly #options: SessionOptions;
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(options: SessionOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  /** Connects and introduces this node; rejects with a CsyncdError `peer-unreachable` or `peer-refused`. */
  static async open(options: SessionOptions): Promise<PeerSession> {
    const plain = new PeerSession(options, await dial(options));
    try {
      return await plain.#introduced();
    } catch (error) {
      plain.#socket.destroy();
      throw error;
    }
  }

  /**
   * The peer's table, a row a call: the name decoded, and csync2's text of what was there, decoded.
   *
   * @param name only this one; null = all that groups with the key have
   */
  async list(
    key: string,
    name: string | null,
    onRow: (name: string, checktxt: string) => void,
  ): Promise<void> {
    this.#say(`LIST ${this.#options.peer} ${name === null ? '-' : encode(name)} ${key}`);
    for (;;) {
      const line = await this.#line();
      const tab = line.indexOf('\t');
      if (tab === -1) return this.#expectOk(line);
      onRow(decode(line.slice(tab + 1)), decode(line.slice(0, tab)));
    }
  }

  /** The host owes this name to nobody from now on: what another one sends for it is taken. */
  async flush(key: string, name: string): Promise<void> {
    await this.#command(`FLUSH ${key} ${encode(name)}`);
  }

  /** The peer owes this name to all other hosts from now on, and sends it with its next update. */
  async mark(key: string, name: string): Promise<void> {
    this.#say(`MARK ${key} ${encode(name)}`);
    const answer = await this.#line();
    // A master that refuses a slave marks the file all the same: that is how it takes back what the slave has done.
    if (!answer.startsWith('Permission denied for slave')) this.#expectOk(answer);
  }

  /**
   * Whether the peer, which does not have this name, owes it to somebody: then it has deleted it. csync2 says so only to
   * whoever would change it. What is asked for is the mode that we have, of what is not there.
   *
   * @param checktxt csync2's text of it here
   */
  async owesDeletion(key: string, name: string, checktxt: string): Promise<boolean> {
    return (await this.#askMode(key, name, checktxt)).startsWith(OWED);
  }

  /**
   * Whether the peer owes this name to somebody, does not select it, or that cannot be told. It is asked for what it has
   * already, as it has recorded it; what it has not recorded yet it checks, and owes.
   */
  async owes(key: string, { name, ours, theirs }: Divergence): Promise<boolean> {
    const answer =
      theirs !== null && kindOf(theirs) === 'other'
        ? await this.#askOwner(key, name, theirs)
        : await this.#askMode(key, name, theirs ?? ours ?? '');
    return answer === null || answer.startsWith(OWED) || answer.startsWith(REFUSED);
  }

  async #askMode(key: string, name: string, checktxt: string): Promise<string> {
    const mode = /:mode=(\d+)/.exec(checktxt)?.[1] ?? '33152';
    this.#say(`SETMOD ${key} ${encode(name)} ${mode}`);
    return this.#line();
  }

  /** For what may be a symlink: a mode would be set where it leads to. */
  async #askOwner(key: string, name: string, checktxt: string): Promise<string | null> {
    const [, uid, gid] = /:uid=(\d+):gid=(\d+)/.exec(checktxt) ?? [];
    if (uid === undefined || gid === undefined) return null;
    this.#say(`SETOWN ${key} ${encode(name)} ${uid} ${gid}`);
    return this.#line();
  }

  async close(): Promise<void> {
    this.#socket.on('error', () => null);
    await this.#command('BYE').catch(() => null);
    this.#socket.destroy();
  }

  async #introduced(): Promise<PeerSession> {
    const session = this.#options.identity === null ? this : await this.#encrypted(this.#options.identity);
    // Without a host of the group in its config, the peer hangs up instead of an answer.
    await session.#command(`CONFIG ${this.#options.configName ?? ''}`);
    await session.#command(`HELLO ${this.#options.self}`);
    return session;
  }

  async #encrypted(identity: { readonly cert: string; readonly key: string }): Promise<PeerSession> {
    await this.#command('SSL');
    this.#socket.removeAllListeners('readable').removeAllListeners('end').removeAllListeners('close');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Whose certificate it is was decided when csync2 pinned it, not by a CA.
    const socket = connectTls({ socket: this.#socket, ...identity, rejectUnauthorized: false }, resolve);
    socket.once('error', reject);
    await promise.catch((error: unknown) => {
      throw this.#fault('peer-refused', `the TLS handshake failed: ${messageOf(error)}`);
    });
    const shown = socket.getPeerX509Certificate()?.fingerprint256;
    const { pinned, peer } = this.#options;
    if (pinned !== null && shown !== pinned.fingerprint256)
      throw this.#fault('peer-refused', `${peer} shows another certificate than before`);
    return new PeerSession(this.#options, socket);
  }

  #say(line: string): void {
    this.#socket.write(`${line}\n`, 'latin1');
  }

  async #command(line: string): Promise<void> {
    this.#say(line);
    this.#expectOk(await this.#line());
  }

  async #line(): Promise<string> {
    const next = await this.#lines.next().catch((error: unknown) => {
      throw this.#fault('peer-unreachable', messageOf(error));
    });
    if (next.done === true) throw this.#fault('peer-refused', 'it hung up');
    return next.value;
  }

  #expectOk(line: string): void {
    if (!line.startsWith('OK (')) throw this.#fault('peer-refused', line);
  }

  #fault(code: 'peer-unreachable' | 'peer-refused', why: string): CsyncdError {
    return new CsyncdError(code, `csync2 at ${this.#options.peer}: ${why}`, { hint: HINTS[code] });
  }
}

const HINTS = {
  'peer-unreachable': 'see that csyncd runs there, and that the port is not filtered',
  'peer-refused': 'see that key, hosts and csync2 options are the same there, and that its mapping is in use',
};

async function dial({ self, peer, port, signal }: SessionOptions): Promise<Socket> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The peer takes a name only from its own address; a name that is no address is what the system binds to by itself.
  const socket = connect({ host: peer, port, ...(isAddress(self) ? { localAddress: self } : {}) }, resolve);
  const giveUp = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  socket.once('error', reject).once('close', () => signal.removeEventListener('abort', giveUp));
  socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('no answer')));
  try {
    await promise;
  } catch (error) {
    signal.throwIfAborted();
    throw new CsyncdError(
      'peer-unreachable',
      `csync2 at ${peer} port ${port} is not reached: ${messageOf(error)}`,
      {
        hint: HINTS['peer-unreachable'],
        cause: error,
      },
    );
  }
  socket.setTimeout(SILENCE_MS);
  return socket.setNoDelay();
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let rest = '';
  for (;;) {
    const end = rest.indexOf('\n');
    if (end !== -1) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
      continue;
    }
    const chunk = await read(socket);
    if (chunk === null) return;
    rest += chunk;
  }
}

/** What came, null at the end. Nothing is taken from the socket that was not asked for: TLS may begin after a line. */
async function read(socket: Socket): Promise<string | null> {
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) return chunk.toString('latin1');
    if (socket.readableEnded || socket.destroyed) {
      if (socket.errored) throw socket.errored;
      return null;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const heard = ['readable', 'end', 'close'] as const;
    for (const event of heard) socket.once(event, resolve);
    await promise;
    for (const event of heard) socket.off(event, resolve);
  }
}
