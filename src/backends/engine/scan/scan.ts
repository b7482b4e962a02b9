/**
 * Compares what is on the disk with what the store believes, and yields only the differences.
 *
 * Each belief is read *before* the disk is looked at, and travels with the observation as `base`. So an observation that
 * arrives while the store still believes `base` tells of a moment after that belief was formed; any other is stale, and
 * the path is looked at again. A deletion is judged last, after the root was checked again, and once more against the
 * disk.
 */
import type { Fd, Sys } from '../../../sys/sys.ts';
import type { Scan, ScanOptions, ScanStep } from './context.ts';
import { goneSteps } from './gone.ts';
import { GoneTops } from './gone-tops.ts';
import { besideEachOther, orderLooks } from './looks.ts';
import { Moves } from './moves.ts';
import type { BeliefReader, Look, Observation, ScanReport } from './observation.ts';
import { checkRoot } from './root.ts';
import { unreadSteps } from './unread.ts';
import { lookSteps } from './walk.ts';

/** Files whose content is read together, once it is known which of them were renamed. */
const UNREAD_AT_MOST = 4096;

/** With a single look nothing comes later that could be spared, and directories may be many. */
const FORGETFUL: Scan['compared'] = { add: () => undefined, has: () => false };

/**
 * Yields directories before their content and what is gone after everything else, so that a rename's creation comes
 * before its deletion; null where other work may get in. The root itself is not carried. Throws RootLost.
 */
export function* scanSteps(
  sys: Sys,
  rootFd: Fd,
  beliefs: BeliefReader,
  looks: readonly Look[],
  options: ScanOptions,
): Generator<ScanStep, ScanReport> {
  const started = options.clock();
  const count = { entries: 0, directories: 0, hashedBytes: 0, hashedFiles: 0, hashMs: 0 };
  const ordered = orderLooks(looks);
  const scan: Scan = {
    sys,
    rootFd,
    beliefs,
    options,
    unread: [],
    gone: new GoneTops(),
    moves: new Moves(),
    compared: ordered.length > 1 ? new Set() : FORGETFUL,
    count,
    carried: 0,
  };
  checkRoot(sys, rootFd, options.root);
  for (const siblings of besideEachOther(ordered)) {
    for (const step of lookSteps(scan, siblings)) {
      yield step;
      if (scan.unread.length >= UNREAD_AT_MOST) yield* unreadSteps(scan);
    }
  }
  yield* unreadSteps(scan);
  if (scan.gone.size > 0) {
    checkRoot(sys, rootFd, options.root);
    yield* goneSteps(scan);
  }
  checkRoot(sys, rootFd, options.root);
  return { ...count, walkMs: options.clock() - started - count.hashMs };
}

/** `scanSteps` for a caller that has nothing else to do meanwhile. */
export function* scanLooks(
  sys: Sys,
  rootFd: Fd,
  beliefs: BeliefReader,
  looks: readonly Look[],
  options: ScanOptions,
): Generator<Observation, ScanReport> {
  const steps = scanSteps(sys, rootFd, beliefs, looks, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value !== null) yield step.value;
  }
}
