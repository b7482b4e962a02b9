/** Runs a command in this process against a canned daemon, and notes what it prints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Io } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Operations } from '../../src/control/operations.ts';
import { openControl } from '../../src/control/server.ts';
import { silentLogger } from '../../src/util/log.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function run(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => void (out += typeof text === 'string' ? text : Buffer.from(text).toString('latin1')),
    err: (text) => void (err += text),
    isTerminal: false,
  };
  const code = await runCli(args, io, {
    runDaemon: () => Promise.resolve(0),
    runAction: () => Promise.resolve(true),
    signal,
  });
  return { code, out, err };
}

/** A config file that names a control socket, with nobody behind it. */
export function configFile(): { readonly file: string; readonly socket: string } {
  const dir = makeTempDir();
  const socket = join(dir, 'control.sock');
  const file = join(dir, 'csyncd.yaml');
  writeFileSync(file, `control_socket: ${socket}\n`);
  return { file, socket };
}

/** Runs the command while a daemon with these operations answers. */
export async function runWith(operations: Operations, ...args: string[]): Promise<Ran> {
  const { file, socket } = configFile();
  const door = await openControl({ socket, operations, log: silentLogger() });
  try {
    return await run(['--config', file, ...args]);
  } finally {
    await door.close();
  }
}
