/** Running programs. */
import { spawn, spawnSync } from 'node:child_process';

export interface Finished {
  /** null when a signal ended it */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; it is killed after `boundMs`. */
export async function run(
  command: readonly string[],
  options: { readonly boundMs?: number; readonly cwd?: string } = {},
): Promise<Finished> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    timeout: options.boundMs ?? 120_000,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return await new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a short program at once and returns its output; throws when it fails. */
export function must(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Runs a short program whose failure does not matter: for cleaning up. */
export function attempt(program: string, ...args: string[]): string {
  return spawnSync(program, args, { encoding: 'utf8' }).stdout;
}
