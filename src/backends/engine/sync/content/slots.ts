/**
 * How many files are received from one peer at a time. Files of about the same size share a queue, so that none waits for
 * one that is a thousand times larger.
 */
const MiB = 1024 * 1024;
const CLASSES = [
  { upTo: MiB, atATime: 16 },
  { upTo: 64 * MiB, atATime: 4 },
  { upTo: 4096 * MiB, atATime: 2 },
  { upTo: Infinity, atATime: 2 },
] as const;

interface Queue {
  free: number;
  readonly waiting: (() => void)[];
}

export class Slots {
  readonly #queues: Queue[] = CLASSES.map(({ atATime }) => ({ free: atATime, waiting: [] }));

  /** Resolves to what gives the slot back; null when the signal came first. In the order of the calls. */
  async take(size: number, signal: AbortSignal): Promise<(() => void) | null> {
    const queue = this.#queues[CLASSES.findIndex(({ upTo }) => size <= upTo)];
    if (queue === undefined || signal.aborted) return null;
    if (queue.free > 0) queue.free -= 1;
    else if (!(await turnIn(queue, signal))) return null;
    return () => {
      const next = queue.waiting.shift();
      if (next === undefined) queue.free += 1;
      else next();
    };
  }
}

function turnIn(queue: Queue, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const turn = (): void => {
      signal.removeEventListener('abort', abort);
      resolve(true);
    };
    const abort = (): void => {
      queue.waiting.splice(queue.waiting.indexOf(turn), 1);
      resolve(false);
    };
    queue.waiting.push(turn);
    signal.addEventListener('abort', abort, { once: true });
  });
}
