/** The daemon's two doors: the control socket, and metrics and health over TCP. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { Endpoint } from '../config/model.ts';
import type { StatusReport } from '../orchestrator/answers.ts';
import { CsyncdError, messageOf } from '../util/errors.ts';
import type { Logger } from '../util/log.ts';
import { createApi } from './api.ts';
import type { Metrics } from './metrics.ts';
import type { Operations } from './operations.ts';
import { listenOnSocket } from './socket.ts';

export interface Door {
  /** Ends streams and waits, lets answers that are under way finish. */
  close(): Promise<void>;
}

/** Rejects with `already-running` when a daemon answers on that socket. */
export async function openControl(options: {
  readonly socket: string;
  readonly operations: Operations;
  readonly log: Logger;
}): Promise<Door> {
  const stopping = new AbortController();
  const api = createApi(options.operations, options.log, stopping.signal);
  const server = serverOf(api);
  await listenOnSocket(server, options.socket);
  return {
    async close() {
      stopping.abort();
      await close(server);
    },
  };
}

/** Rejects with `metrics-address` when it cannot listen there. */
export async function openMetrics(options: {
  readonly address: Endpoint;
  readonly metrics: Metrics;
  readonly status: () => StatusReport;
}): Promise<Door> {
  const { address, metrics, status } = options;
  const pages = new Hono();
  pages.get('/metrics', async (context) =>
    context.text(await metrics.text(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  pages.get('/healthz', (context) => {
    const report = status();
    return context.json({ node: report.node, state: report.state }, isServing(report) ? 200 : 503);
  });
  const server = serverOf(pages);
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new CsyncdError(
      'metrics-address',
      `cannot serve metrics on ${address.host}:${address.port}: ${messageOf(error)}`,
      {
        hint: 'set metrics to a free address, or leave it out',
        cause: error,
      },
    );
  }
  return { close: () => close(server) };
}

/** For a load balancer: this node's own trees are there and compared. A peer that is down is no reason to leave it. */
function isServing(report: StatusReport): boolean {
  const mappings = Object.values(report.groups).flatMap((group) => Object.values(group.mappings));
  return (
    report.state !== 'starting' && mappings.every(({ state }) => state !== 'missing' && state !== 'error')
  );
}

function serverOf(app: Hono): Server {
  // Without options it is an HTTP/1 server, made by the function given here.
  return createAdaptorServer({ fetch: app.fetch, createServer, overrideGlobalObjects: false }) as Server;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 1_000);
  await closed;
  clearTimeout(timer);
}
