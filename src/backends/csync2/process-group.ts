/** A child that was started as the leader of a process group, and all that it started. */
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../util/errors.ts';

const LOOK_MS = 10;
/** After SIGKILL: what is in the middle of a system call ends when that does. */
const LAST_MS = 2000;

/**
 * Resolves when nothing of the group runs any more, which has been told to end: its leader's end says nothing of the others.
 * After `killAfterMs` they are killed.
 */
export async function groupEnded(leader: number | undefined, killAfterMs: number): Promise<void> {
  if (leader === undefined) return;
  const began = performance.now();
  let isKilled = false;
  while (isRunning(leader)) {
    const waited = performance.now() - began;
    if (waited > killAfterMs + LAST_MS) return;
    if (waited > killAfterMs && !isKilled) {
      isKilled = true;
      signalGroup(leader, 'SIGKILL');
    }
    await sleep(LOOK_MS);
  }
}

function isRunning(leader: number): boolean {
  if (!signalGroup(leader, 0)) return false;
  // The dead that nobody has buried yet count in the signal's answer.
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const [state, , group] = statusOf(entry);
    return group === String(leader) && state !== 'Z';
  });
}

function signalGroup(leader: number, signal: 'SIGKILL' | 0): boolean {
  try {
    return process.kill(-leader, signal);
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** State, parent and process group. */
function statusOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
  } catch {
    return [];
  }
}
