/** Whether this machine went down with the daemon running: found at the next start, by another boot. */
import { randomUUID } from 'node:crypto';
import { bootId } from '../../sys/machine.ts';
import { messageOf } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Store } from './store/store.ts';
import type { Dots } from './sync/dots.ts';

/** The boot in which the daemon runs; empty after an orderly stop. */
const RUNNING = 'engine.running';

/** After an unclean stop of the machine the store may lack its last transactions: dots must not be used again (I11). */
export function noteStart(store: Store, dots: Dots): void {
  const boot = bootId() ?? randomUUID();
  const last = store.get(RUNNING);
  store.transaction(() => {
    if (last !== null && last !== '' && last !== boot) dots.newEpoch();
    store.set(RUNNING, boot);
  });
}

/** What cannot be noted counts as an unclean stop. */
export function noteStop(store: Store, log: Logger): void {
  try {
    store.set(RUNNING, '');
  } catch (error) {
    log.warn(`the stop could not be noted: ${messageOf(error)}`);
  }
}
