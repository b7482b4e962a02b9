import { codeOf, CsyncdError, messageOf } from '../../../util/errors.ts';
import type { SentError } from './operations.ts';

/** What was asked of a worker may be done, half done, or not. */
export const WORKER_CRASHED = 'worker-crashed';

export function sendError(error: unknown): SentError {
  const { hint, data } = error instanceof CsyncdError ? error : { hint: null, data: {} };
  return { code: codeOf(error), message: messageOf(error), hint, data };
}

/** A CsyncdError, whose code is an errno's name for a failed system call. */
export function receiveError({ code, message, hint, data }: SentError): Error {
  if (code === null) return new Error(message);
  return new CsyncdError(code, message, { data: { ...data }, ...(hint === null ? {} : { hint }) });
}
