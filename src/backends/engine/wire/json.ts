import type { z } from 'zod';
import { ProtocolError } from './protocol-error.ts';

const SHOWN_ISSUES = 3;

/** Throws ProtocolError. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw new ProtocolError('bad-frame', 'JSON that cannot be read', error);
  }
}

/** JSON of the given shape, or ProtocolError. */
export function parseAs<T>(schema: z.ZodType<T>, bytes: Buffer): T {
  const result = schema.safeParse(parseJson(bytes));
  if (result.success) return result.data;
  const faults = result.error.issues
    .slice(0, SHOWN_ISSUES)
    .map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
  throw new ProtocolError('bad-message', faults.join('; '));
}
