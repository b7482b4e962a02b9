/** An error that an operator can act on: what is wrong and where (message), and what to do (hint). */
export class CsyncdError extends Error {
  readonly code: string;
  readonly hint: string | null;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    options: { hint?: string; data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CsyncdError';
    this.code = code;
    this.hint = options.hint ?? null;
    this.data = options.data ?? {};
  }
}

/** For the end of an exhaustive `switch`: does not type-check while a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name or CsyncdError code of anything thrown; null when it has none. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
