/** What the control API answers with a stream, one JSON object a line: `POST /v1/events`, `POST /v1/watch`. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { AuditEvent, ShownPath, StatusReport } from '../orchestrator/answers.ts';
import { shownPath } from '../util/bytes.ts';
import { CsyncdError } from '../util/errors.ts';
import type { AuditTrail, Operations } from './operations.ts';

/** An event as JSON carries it; `time` is ISO. */
export interface EventLine extends ShownPath {
  readonly time: string;
  readonly group: string;
  readonly mapping: string;
  readonly what: string;
  readonly node: string;
  readonly result: string;
}

export const eventsRequest = z.strictObject({
  /** ms since 1970; null = the newest */
  since: z.number().nullable(),
  follow: z.boolean(),
});

export const watchRequest = z.strictObject({ interval_ms: z.number().min(100) });

export interface Streams {
  readonly events: { request: z.input<typeof eventsRequest>; line: EventLine };
  readonly watch: { request: z.input<typeof watchRequest>; line: StatusReport };
}

const KEPT = 10_000;
const NEWEST = 1_000;

/** The events kept, then those that come, until the signal. A reader that falls far behind is told so. */
export async function* events(
  trail: AuditTrail,
  { since, follow }: z.output<typeof eventsRequest>,
  signal: AbortSignal,
): AsyncGenerator<EventLine> {
  const coming: AuditEvent[] = [];
  let wake = Promise.withResolvers<void>();
  // Subscribed in the same turn in which the past is read: nothing falls in between, nothing comes twice.
  const unsubscribe = follow
    ? trail.subscribe((event) => {
        coming.push(event);
        wake.resolve();
      })
    : () => {};
  const stop = (): void => wake.resolve();
  signal.addEventListener('abort', stop);
  try {
    const past = since === null ? trail.since(0, NEWEST) : trail.since(since, KEPT);
    for (const event of past) yield eventLine(event);
    if (!follow) return;
    while (!signal.aborted) {
      await wake.promise;
      wake = Promise.withResolvers();
      if (coming.length > KEPT) {
        throw new CsyncdError('too-slow', 'events come faster than they are read', {
          hint: 'read them later with --since',
        });
      }
      for (const event of coming.splice(0)) yield eventLine(event);
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', stop);
  }
}

/** The status now and whenever it differs, looked at every `interval_ms`, until the signal. */
export async function* watchStatus(
  operations: Operations,
  { interval_ms }: z.output<typeof watchRequest>,
  signal: AbortSignal,
): AsyncGenerator<StatusReport> {
  let before = '';
  while (!signal.aborted) {
    const report = operations.mappings.status();
    const now = JSON.stringify(report);
    if (now !== before) yield report;
    before = now;
    await delay(interval_ms, undefined, { signal }).catch(() => null);
  }
}

function eventLine({ time, group, mapping, path, what, node, result }: AuditEvent): EventLine {
  return { time: new Date(time).toISOString(), group, mapping, ...shownPath(path), what, node, result };
}
