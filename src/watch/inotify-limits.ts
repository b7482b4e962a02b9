/** The kernel's limits on inotify, as this process sees them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { DEEP_QUEUE } from './pace.ts';

const FOLDER = '/proc/sys/fs/inotify';

/** Null when it cannot be read. */
export function inotifyLimit(name: 'max_queued_events' | 'max_user_watches'): number | null {
  try {
    return Number(readFileSync(`${FOLDER}/${name}`, 'latin1'));
  } catch {
    return null;
  }
}

/**
 * Raises the length of new event queues, if allowed: an inotify descriptor takes it when it is made, and an overflow is
 * the one loss that nothing reports.
 */
export function deepenEventQueue(): void {
  if ((inotifyLimit('max_queued_events') ?? DEEP_QUEUE) >= DEEP_QUEUE) return;
  try {
    writeFileSync(`${FOLDER}/max_queued_events`, String(DEEP_QUEUE));
  } catch {
    // Not root: the host is more suspicious with a short queue.
  }
}
