import { codeOf } from '../../../util/errors.ts';

/** Whether it is the store that failed: full, unreadable, damaged. Its transaction was taken back. */
export function isStoreFailure(error: unknown): boolean {
  return codeOf(error)?.startsWith('state-') === true;
}
