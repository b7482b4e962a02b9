/**
 * `csyncd run-action`, which csync2 calls for an action: runs the action's command with the changed paths in the file
 * named by $CSYNCD_PATHS. The command runs even when the paths cannot be read: most do not ask for them.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseActionWords, type ActionCall } from '../../config/csync2/action-command.ts';
import { bytesToText } from '../../util/bytes.ts';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import { actionPaths } from './action-paths.ts';

const KILL_AFTER_MS = 5000;

/**
 * @param report says what went wrong; csync2 appends it to the action's log file
 * @returns whether the command ran and exited with 0
 */
export async function runAction(words: readonly string[], report: (text: string) => void): Promise<boolean> {
  const call = parseActionWords(words);
  if (call === null) {
    throw new CsyncdError(
      'usage',
      'run-action is not for people: csync2 calls it for the actions of a group',
    );
  }
  const say = (problem: string): void =>
    report(`${new Date().toISOString()} ${call.exec.map(bytesToText).join(' ')}: ${problem}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'csyncd-action-'));
  try {
    const file = join(folder, 'paths');
    writeFileSync(file, Buffer.from(pathsOf(call, words, say), 'latin1'));
    const problem = await run(call, file);
    if (problem !== null) say(problem);
    return problem === null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each with a NUL behind it. */
function pathsOf(call: ActionCall, words: readonly string[], say: (problem: string) => void): string {
  try {
    const paths = actionPaths(call, words).sort();
    return paths.map((path) => `${path}\0`).join('');
  } catch (error) {
    say(`runs without the changed paths, which cannot be read: ${messageOf(error)}`);
    return '';
  }
}

/** What went wrong, or null. */
async function run({ exec, timeoutMs }: ActionCall, paths: string): Promise<string | null> {
  const [program = '', ...args] = exec.map((word) => Buffer.from(word, 'latin1').toString());
  const env = { ...process.env, CSYNCD_PATHS: paths };
  // A process group of its own, so that a time-out ends what it started as well.
  const child = spawn(program, args, {
    cwd: '/',
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  let isLate = false;
  const kill = (signal: NodeJS.Signals): void => {
    isLate = true;
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
  };
  const timers = [
    setTimeout(() => kill('SIGTERM'), timeoutMs),
    setTimeout(() => kill('SIGKILL'), timeoutMs + KILL_AFTER_MS),
  ];
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (isLate) return `ended, because it took longer than ${timeoutMs} ms`;
    if (signal !== null) return `ended by ${signal}`;
    return code === 0 ? null : `exited with ${code}`;
  } catch (error) {
    return messageOf(error);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
