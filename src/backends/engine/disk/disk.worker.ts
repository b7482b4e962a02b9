/** A disk worker: serves one lane's operations; see pool.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { CsyncdError } from '../../../util/errors.ts';
import { takeTimings, type Timing } from '../../../util/timings.ts';
import { sendError } from './errors.ts';
import type { LaneName, OperationName, Posted, Request, Response } from './operations.ts';
import { Runner, type Steps } from './runner.ts';
import { serving } from './serve.ts';

const port = parentPort;
if (port === null) throw new Error('disk.worker runs in a worker thread');
const { lane } = workerData as { readonly lane: LaneName };
const served = serving(lane) as Record<OperationName, (args: unknown) => unknown>;

const post = (response: Response, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage({ ...response, spent: timingsNow() } satisfies Posted, [...transfer]);
const fail = (id: number, error: unknown): void => post({ kind: 'error', id, error: sendError(error) });
const answer = (id: number, value: unknown): void => post({ kind: 'result', id, value }, buffersOf(value));
const HAND_ON_MS = 20;
const NO_TIMINGS: readonly Timing[] = [];
let handedOn = 0;
const runner = new Runner({ post, fail });

port.on('message', (request: Request) => {
  switch (request.kind) {
    case 'call':
      call(request.id, request.op, request.args);
      return;
    case 'ack':
      runner.ack(request.id);
      return;
    case 'cancel':
      runner.cancel(request.id, new CsyncdError('aborted', 'no longer wanted'));
  }
});

function call(id: number, op: OperationName, args: unknown): void {
  try {
    const result = served[op](args);
    if (isSteps(result)) runner.add(id, op === 'scan' ? (result as Steps) : plain(result));
    else if (result instanceof Promise)
      result.then(
        (value: unknown) => answer(id, value),
        (error: unknown) => fail(id, error),
      );
    else answer(id, result);
  } catch (error) {
    fail(id, error);
  }
}

function isSteps(result: unknown): result is Generator<null, unknown> {
  return typeof result === 'object' && result !== null && 'next' in result;
}

function* plain(steps: Generator<null, unknown>): Steps {
  const value = yield* steps;
  return { value, transfer: buffersOf(value) };
}

/** Bytes go along instead of being copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) return [value.buffer];
  return Array.isArray(value) && value[0] !== undefined
    ? value.flatMap((one) => (one instanceof Uint8Array ? buffersOf(one) : []))
    : [];
}

/** Not with each of a thousand answers a second. */
function timingsNow(): readonly Timing[] {
  const now = performance.now();
  if (now - handedOn < HAND_ON_MS) return NO_TIMINGS;
  handedOn = now;
  return takeTimings();
}
