/** What `doctor` found: fine, worth knowing, or broken; each of the latter with what to do. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly remedy: string | null;
}

export const good = (check: string, message: string): Finding => ({
  check,
  level: 'ok',
  message,
  remedy: null,
});
export const doubtful = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'warn',
  message,
  remedy,
});
export const bad = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: 'fail',
  message,
  remedy,
});
