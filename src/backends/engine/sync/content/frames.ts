/**
 * The bulk connection's frames (docs/PROTOCOL.md, "Content"). Who wants something names a stream of its own; answers
 * carry the same number. Types from 0x80 on are answers, so both sides may use the same numbers.
 */
import { z } from 'zod';
import type { RelPath, Sha256 } from '../../core/types.ts';
import { MAX_INLINE_CONTENT, MAX_REASON } from '../../wire/limits.ts';
import { NAME } from '../../wire/names.ts';
import { receivedPath } from '../../wire/path.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';

export const Ask = { small: 0x01, read: 0x02, hashes: 0x03, weak: 0x04, credit: 0x05, cancel: 0x06 } as const;
export const Answer = {
  contents: 0x81,
  part: 0x82,
  end: 0x83,
  hashes: 0x84,
  weak: 0x85,
  refused: 0x86,
} as const;

export function isAnswer(type: number): boolean {
  return type >= 0x80;
}

/** Small files in one request, and the bytes of all of them. */
export const MOST_SMALL = 256;
export const MOST_SMALL_BYTES = 1024 * 1024;
/** Most of a file that may be on its way on one stream. */
export const MAX_WINDOW = 8 * 1024 * 1024;

const about = { group: z.string().regex(NAME), mapping: z.string().regex(NAME) };
const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform((hex) => hex as Sha256);
const path = z.string().transform(receivedPath);
const size = z.int().min(0);
const file = { ...about, path, sha256, size };
const smallFile = z
  .tuple([path, sha256, size.max(MAX_INLINE_CONTENT)])
  .transform(([path, sha256, size]) => ({ path, sha256, size }));

export const smallAsk = z.object({ ...about, files: z.array(smallFile).min(1).max(MOST_SMALL) });
/** body: ranges */
export const readAsk = z.object({ ...file, window: z.int().min(1).max(MAX_WINDOW) });
/** of `weak` as well, whose body is numbers of blocks */
export const blocksAsk = z.object({ ...file, blockSize: z.int().min(1) });
export const credit = z.object({ bytes: z.int().min(1).max(MAX_WINDOW) });

/** body: those that are there (1), one after the other */
export const contentsAnswer = z.object({
  there: z.array(z.union([z.literal(0), z.literal(1)])).max(MOST_SMALL),
});
export const refusedAnswer = z.object({
  code: z.enum(['absent', 'changed', 'busy', 'failed']),
  message: z.string().transform((long) => long.slice(0, MAX_REASON)),
});

export type FileAsk = { readonly group: string; readonly mapping: string } & {
  readonly path: RelPath;
  readonly sha256: Sha256;
  readonly size: number;
};
export type Refused = z.infer<typeof refusedAnswer>;

/** Throws ProtocolError. */
export function headerAs<T>(schema: z.ZodType<T>, header: unknown): T {
  const result = schema.safeParse(header);
  if (result.success) return result.data;
  throw new ProtocolError('bad-message', `a bulk frame's header: ${z.prettifyError(result.error)}`);
}
