/**
 * The control API: `POST /v1/NAME` with a JSON object, answered by a JSON value. One table makes the server's routes and
 * the client's types; a new command is a row here and a file in cli/.
 */
import { z } from 'zod';
import { textToBytes } from '../util/bytes.ts';
import type { Operations } from './operations.ts';

interface Command<Request, Answer> {
  readonly request: z.ZodType<Request, Request>;
  readonly run: (operations: Operations, request: Request, signal: AbortSignal) => Answer | Promise<Answer>;
}

const command = <Request, Answer>(
  request: z.ZodType<Request, Request>,
  run: Command<Request, Answer>['run'],
): Command<Request, Answer> => ({ request, run });

/** PATH of the contract: text, and the exact bytes where it is not UTF-8. */
const pathRef = z.strictObject({ path: z.string(), path_base64: z.base64().optional() });
const nothing = z.strictObject({});
const mapping = z.strictObject({ mapping: z.string() });
const pausing = z.strictObject({ peer: z.string().nullable(), mapping: z.string().nullable() });

export const commands = {
  status: command(nothing, ({ mappings }) => mappings.status()),
  reload: command(nothing, (operations) => operations.reload()),
  sync: command(
    z.strictObject({ paths: z.array(pathRef), wait: z.boolean(), timeout_ms: z.number().min(0) }),
    ({ mappings }, { paths, wait, timeout_ms }, signal) =>
      mappings.sync(paths.map(bytesOf), wait, AbortSignal.any([signal, AbortSignal.timeout(timeout_ms)])),
  ),
  verify: command(
    z.strictObject({ mappings: z.array(z.string()), deep: z.boolean() }),
    ({ mappings }, request, signal) => mappings.verify(request.mappings, request.deep, signal),
  ),
  conflicts: command(nothing, ({ mappings }) => mappings.conflicts()),
  resolve: command(pathRef.extend({ keep: z.string() }), async ({ mappings }, request) => {
    await mappings.resolve(bytesOf(request), request.keep);
    return {};
  }),
  backups: command(z.strictObject({ of: pathRef.nullable() }), ({ mappings }, { of }) =>
    mappings.backups(of === null ? null : bytesOf(of)),
  ),
  restore: command(pathRef.extend({ version: z.string() }), async ({ mappings }, request) => {
    await mappings.restore(bytesOf(request), request.version);
    return {};
  }),
  pause: command(pausing, ({ mappings }, target) => {
    mappings.pause(target, true);
    return {};
  }),
  resume: command(pausing, ({ mappings }, target) => {
    mappings.pause(target, false);
    return {};
  }),
  approve: command(mapping, ({ mappings }, { mapping }, signal) =>
    mappings.decide(mapping, 'approve', signal),
  ),
  reject: command(mapping, ({ mappings }, { mapping }, signal) => mappings.decide(mapping, 'reject', signal)),
  revert: command(mapping, ({ mappings }, { mapping }, signal) => mappings.revert(mapping, signal)),
  explain: command(pathRef, ({ mappings }, request) => mappings.explain(bytesOf(request))),
  peers: command(nothing, ({ peers }) => peers.list()),
  forget: command(z.strictObject({ node: z.string() }), async ({ peers }, { node }) => {
    await peers.forget(node);
    return {};
  }),
} as const;

type Commands = typeof commands;
export type CommandName = keyof Commands;
export type CommandRequest<N extends CommandName> = z.input<Commands[N]['request']>;
export type CommandAnswer<N extends CommandName> = Awaited<ReturnType<Commands[N]['run']>>;

function bytesOf({ path, path_base64 }: z.output<typeof pathRef>): string {
  return path_base64 === undefined
    ? textToBytes(path)
    : Buffer.from(path_base64, 'base64').toString('latin1');
}
