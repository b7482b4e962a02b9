/** The other end of the control socket, for the commands. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { codeOf, CsyncdError } from '../util/errors.ts';
import type { ErrorBody } from './api.ts';
import type { CommandAnswer, CommandName, CommandRequest } from './commands.ts';
import type { Streams } from './streams.ts';

export type * from '../orchestrator/answers.ts';
export type { EventLine } from './streams.ts';

export class ControlClient {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Rejects with the daemon's CsyncdError, or with `no-daemon`. */
  async call<N extends CommandName>(
    name: N,
    request: CommandRequest<N>,
    signal?: AbortSignal,
  ): Promise<CommandAnswer<N>> {
    const response = await this.#post(name, request, signal);
    return JSON.parse(await text(response)) as CommandAnswer<N>;
  }

  /** One object a line, until the daemon or the signal ends it. */
  async *stream<N extends keyof Streams>(
    name: N,
    request: Streams[N]['request'],
    signal?: AbortSignal,
  ): AsyncGenerator<Streams[N]['line']> {
    try {
      const response = await this.#post(name, request, signal);
      for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
        const value = JSON.parse(line) as Streams[N]['line'] | ErrorBody;
        if (typeof value === 'object' && 'error' in value) throw remoteError(value);
        yield value;
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }

  async #post(name: string, body: unknown, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const response = await this.#open(name, JSON.stringify(body), signal);
    if (response.statusCode === 200) return response;
    throw remoteError(JSON.parse(await text(response)) as ErrorBody);
  }

  #open(name: string, body: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          socketPath: this.#socket,
          path: `/v1/${name}`,
          method: 'POST',
          // RACE: a connection that is kept is closed by the daemon at some time, perhaps while it is used again.
          agent: false,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
          ...(signal === undefined ? {} : { signal }),
        },
        resolve,
      );
      request.on('error', (error) => reject(signal?.aborted === true ? error : this.#noDaemon(error)));
      request.end(body);
    });
  }

  #noDaemon(error: Error): CsyncdError {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') {
      return new CsyncdError('no-daemon', `you may not use ${this.#socket}`, {
        hint: 'use sudo, or be a member of the group csyncd',
        cause: error,
      });
    }
    const gone = code === 'ENOENT' || code === 'ECONNREFUSED';
    const what = gone
      ? `no daemon answers on ${this.#socket}`
      : `the daemon on ${this.#socket} ended while it answered`;
    return new CsyncdError('no-daemon', what, { hint: 'systemctl status csyncd', cause: error });
  }
}

function remoteError({ error }: ErrorBody): CsyncdError {
  const { code, message, hint, data } = error;
  return new CsyncdError(code, message, { ...(hint === null ? {} : { hint }), data });
}
