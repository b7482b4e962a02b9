/** Exit codes of the contract, section 2. */
import { codeOf } from '../util/errors.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  /** no daemon, not in time, could not compare */
  unavailable: 2,
  usage: 64,
  config: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What an error means to whoever called the command. */
export function exitCodeOf(error: unknown): ExitCode {
  switch (codeOf(error)) {
    case 'no-daemon':
      return EXIT.unavailable;
    case 'bad-path':
    case 'usage':
      return EXIT.usage;
    case 'config-refused':
    case 'no-config':
    case 'no-group':
    case 'csync2-config':
    case 'key-missing':
    case 'key-unreadable':
    case 'key-open':
    case 'key-form':
      return EXIT.config;
    default:
      return EXIT.failed;
  }
}
