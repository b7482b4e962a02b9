/** What every command gets: its output, the global options, the way to the daemon. */
import type { ControlClient } from '../control/client.ts';
import { CsyncdError } from '../util/errors.ts';

/** Where output goes; the tests give their own. */
export interface Io {
  readonly out: (text: string | Uint8Array) => void;
  readonly err: (text: string) => void;
  /** standard output is a terminal: tables may be redrawn */
  readonly isTerminal: boolean;
}

export interface Context extends Io {
  /** `--config` */
  readonly config: string;
  readonly json: boolean;
  /** aborts at Ctrl-C */
  readonly signal: AbortSignal;
  readonly client: () => Promise<ControlClient>;
}

/** One JSON object, on one line. */
export function printJson(context: Io, value: unknown): void {
  context.out(`${JSON.stringify(value)}\n`);
}

/** `csyncd: what is wrong`, and what to do on a line of its own. Never a stack trace. */
export function errorText(error: unknown): string {
  if (error instanceof CsyncdError) {
    return `csyncd: ${error.message}\n${error.hint === null ? '' : `  ${error.hint}\n`}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  return `csyncd: internal error: ${message}\n  set CSYNCD_DEBUG=1 to see where\n`;
}
