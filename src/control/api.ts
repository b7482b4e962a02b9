/** The control API over HTTP: routes from the tables of commands and streams, errors as JSON. */
import { Hono, type Context } from 'hono';
import { stream } from 'hono/streaming';
import { z } from 'zod';
import { CsyncdError, messageOf } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import { commands } from './commands.ts';
import type { Operations } from './operations.ts';
import { events, eventsRequest, watchRequest, watchStatus } from './streams.ts';

/** How an error travels: the status tells the kind, the body what the operator reads. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

/** @param stopping aborts when the daemon stops: ends streams and waits */
export function createApi(operations: Operations, log: Logger, stopping: AbortSignal): Hono {
  const api = new Hono();
  const signalOf = (context: Context): AbortSignal => AbortSignal.any([context.req.raw.signal, stopping]);

  for (const [name, command] of Object.entries(commands)) {
    api.post(`/v1/${name}`, async (context) => {
      const request = await parse<unknown>(context, command.request);
      // The table pairs each request with its command, which a loop over all of them cannot see.
      const run = command.run as (operations: Operations, request: unknown, signal: AbortSignal) => unknown;
      return Response.json(await run(operations, request, signalOf(context)));
    });
  }
  api.post('/v1/events', async (context) => {
    const request = await parse(context, eventsRequest);
    return lines(context, events(operations.trail, request, signalOf(context)));
  });
  api.post('/v1/watch', async (context) => {
    const request = await parse(context, watchRequest);
    return lines(context, watchStatus(operations, request, signalOf(context)));
  });

  api.notFound(() =>
    failure(404, new CsyncdError('no-such-command', 'the daemon does not know this command')),
  );
  api.onError((error) => {
    if (error instanceof CsyncdError) return failure(400, error);
    if (stopping.aborted) return failure(503, new CsyncdError('stopping', 'the daemon is stopping'));
    log.error({ err: error }, 'a command failed');
    return failure(500, error);
  });
  return api;
}

async function parse<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const body: unknown = await context.req.json().catch(() => null);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CsyncdError(
    'bad-request',
    `the daemon does not understand this request: ${z.prettifyError(parsed.error)}`,
    {
      hint: 'use the csyncd command of the same version as the daemon',
    },
  );
}

function lines(context: Context, source: AsyncGenerator): Response {
  context.header('Content-Type', 'application/x-ndjson');
  return stream(
    context,
    async (out) => {
      for await (const line of source) await out.write(`${JSON.stringify(line)}\n`);
    },
    async (error, out) => void (await out.write(`${JSON.stringify(errorBody(error))}\n`)),
  );
}

function failure(status: number, error: Error): Response {
  return Response.json(errorBody(error), { status });
}

function errorBody(error: unknown): ErrorBody {
  if (!(error instanceof CsyncdError)) {
    return {
      error: { code: 'internal', message: messageOf(error), hint: 'see the log of the daemon', data: {} },
    };
  }
  const { code, message, hint, data } = error;
  return { error: { code, message, hint, data } };
}
