/**
 * Proves that events still arrive: touches a file in memory (tmpfs, so that no disk wakes up) that is watched by the
 * same inotify descriptor and thread as the mapping, and another one by the patches' descriptor.
 */
import { Buffer } from 'node:buffer';
import { closeSync, mkdirSync, openSync, utimesSync, watch } from 'node:fs';

export type Lane = 'events' | 'patches';

interface Pulse {
  readonly file: string;
  /** monotonic ms of the touch that has not been heard yet */
  sentAt: number | null;
  told: boolean;
}

export class Canary {
  readonly #lanes: Record<Lane, Pulse>;
  readonly #patches: Buffer;
  readonly #enabled = new Set<Lane>();

  /** @param dir an empty directory of its own; text, absolute */
  constructor(dir: string) {
    this.#patches = Buffer.from(`${dir}/patches`);
    this.#lanes = { events: nest(dir, 'events'), patches: nest(dir, 'patches') };
  }

  /** Watches the patches' file as patches watch, and enables their lane. */
  watchPatches(): void {
    try {
      watch(this.#patches, () => this.heard('patches')).on('error', () => {});
      this.enable('patches');
    } catch {
      // No instance or watch is left: the first patch will say so.
    }
  }

  /** From now on the lane's directory is watched, so silence from it means something. */
  enable(lane: Lane): void {
    this.#enabled.add(lane);
  }

  enabled(): Iterable<Lane> {
    return this.#enabled;
  }

  /** Touches the files whose last touch was heard. */
  pulse(now: number): void {
    for (const name of this.#enabled) {
      const lane = this.#lanes[name];
      if (lane.sentAt !== null) continue;
      try {
        utimesSync(lane.file, now, now);
        lane.sentAt = now;
        lane.told = false;
      } catch {
        // Its directory was cleaned away: no alarm comes from a canary that is not there.
      }
    }
  }

  /** The lane's touch arrived. */
  heard(lane: Lane): void {
    this.#lanes[lane].sentAt = null;
  }

  /** ms that a lane's touch has been under way; 0 when none is. */
  waiting(lane: Lane, now: number): number {
    const { sentAt } = this.#lanes[lane];
    return sentAt === null ? 0 : now - sentAt;
  }

  /** True once a pulse, when it is first found to be late. */
  firstLate(lane: Lane, now: number, deadlineMs: number): boolean {
    const pulse = this.#lanes[lane];
    if (pulse.told || this.waiting(lane, now) <= deadlineMs) return false;
    pulse.told = true;
    return true;
  }

  /** Forgets what is under way, because this process itself stood still. */
  reset(): void {
    for (const lane of Object.values(this.#lanes)) lane.sentAt = null;
  }
}

function nest(dir: string, name: Lane): Pulse {
  mkdirSync(`${dir}/${name}`, { recursive: true });
  const file = `${dir}/${name}/beat`;
  closeSync(openSync(file, 'w'));
  return { file, sentAt: null, told: false };
}
