/**
 * The daemon's log: pino, to standard error. Under systemd each line carries its priority as `<N>`, which journald reads;
 * on a terminal it is made for reading; else one JSON object a line. A stack trace is shown at debug level only.
 */
import pino from 'pino';
import { codeOf, messageOf } from './errors.ts';

export type Logger = pino.Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'auto' | 'json' | 'pretty';

export interface Log {
  readonly logger: Logger;
  /** For a reload: changes the level of the logger and of all its children. */
  setLevel(level: LogLevel): void;
}

/** @param format `auto` looks at the environment: journald, then terminal, then JSON */
export async function createLog(options: { level: LogLevel; format: LogFormat }): Promise<Log> {
  // pino fixes a child's level when the child is made, so a later change has to visit them all.
  const children: WeakRef<Logger>[] = [];
  const logger = pino(
    {
      level: options.level,
      base: null,
      serializers: { err: (error: unknown) => describeError(error, logger.level) },
      onChild: (child: Logger) => void children.push(new WeakRef(child)),
    },
    await destination(options.format),
  );
  return {
    logger,
    setLevel(level) {
      logger.level = level;
      for (const child of children) {
        const alive = child.deref();
        if (alive !== undefined) alive.level = level;
      }
    },
  };
}

/** A logger that says nothing, for tests and for parts that run without a daemon. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

async function destination(format: LogFormat): Promise<pino.DestinationStream> {
  // What is logged while a line is being written goes out with the next write; at an exit the rest is flushed.
  const stderr = pino.destination({ dest: 2, sync: false });
  if (format === 'pretty') return prettyStream();
  if (format === 'auto') {
    if (process.env['JOURNAL_STREAM'] !== undefined)
      return { write: (line) => void stderr.write(journalLine(line)) };
    if (process.stderr.isTTY) return prettyStream();
  }
  return stderr;
}

async function prettyStream(): Promise<pino.DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: 2,
    sync: true,
    colorize: process.stderr.isTTY,
    translateTime: 'HH:MM:ss.l',
    singleLine: true,
  });
}

/** One line as journald wants it: `<N>` is the syslog priority, the time is journald's own. Exported for its test. */
export function journalLine(json: string): string {
  const { level, time: _, msg, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${fieldText(value)}`);
  return `<${syslogPriority(Number(level))}>${[oneLine(typeof msg === 'string' ? msg : ''), ...fields].join(' ')}\n`;
}

function syslogPriority(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

function fieldText(value: unknown): string {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  const text = typeof value === 'string' ? value : isList ? value.join(', ') : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

// A name with a newline must not be able to forge a second line, with a priority of its own.
function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n');
}

function describeError(error: unknown, level: string): Record<string, unknown> {
  const code = codeOf(error);
  return {
    message: messageOf(error),
    ...(code === null ? {} : { code }),
    ...((level === 'debug' || level === 'trace') && error instanceof Error ? { stack: error.stack } : {}),
  };
}
