/** A worker's loop: jobs take turns, a slice each, so that a long scan or hash delays no other by more than a slice. */
import type { Chunk, Response } from './operations.ts';

const SLICE_MS = 5;
/** Chunks of one job that may be on their way before it waits for the control loop. */
const CHUNKS_IN_FLIGHT = 4;

/** What is to be posted, with the buffers that go along instead of being copied. */
export interface Outgoing<T> {
  readonly value: T;
  readonly transfer: readonly ArrayBuffer[];
}

/** Work in steps: each yields a chunk, or null where others may have their turn. */
export type Steps = Generator<Outgoing<Chunk> | null, Outgoing<unknown>>;

interface Job {
  readonly id: number;
  readonly steps: Steps;
  inFlight: number;
}

export interface RunnerPorts {
  post(response: Response, transfer: readonly ArrayBuffer[]): void;
  fail(id: number, error: unknown): void;
}

export class Runner {
  readonly #ports: RunnerPorts;
  readonly #ready: Job[] = [];
  readonly #waiting = new Map<number, Job>();
  #scheduled = false;

  constructor(ports: RunnerPorts) {
    this.#ports = ports;
  }

  add(id: number, steps: Steps): void {
    this.#ready.push({ id, steps, inFlight: 0 });
    this.#schedule();
  }

  /** The control loop took a chunk. */
  ack(id: number): void {
    const job = this.#waiting.get(id) ?? this.#ready.find((one) => one.id === id);
    if (job === undefined) return;
    job.inFlight -= 1;
    if (!this.#waiting.delete(id)) return;
    this.#ready.push(job);
    this.#schedule();
  }

  /** Ends a job in the middle; it closes what it has open. */
  cancel(id: number, error: unknown): void {
    const index = this.#ready.findIndex((one) => one.id === id);
    const job = this.#waiting.get(id) ?? this.#ready[index];
    if (job === undefined) return;
    this.#waiting.delete(id);
    if (index !== -1) this.#ready.splice(index, 1);
    job.steps.return({ value: null, transfer: [] });
    this.#ports.fail(id, error);
  }

  #schedule(): void {
    if (this.#scheduled || this.#ready.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const job = this.#ready.shift();
      if (job !== undefined) this.#turn(job);
      this.#schedule();
    });
  }

  #turn(job: Job): void {
    const end = performance.now() + SLICE_MS;
    try {
      while (performance.now() < end) {
        const step = job.steps.next();
        if (step.done === true) {
          const { value, transfer } = step.value;
          this.#ports.post({ kind: 'result', id: job.id, value }, transfer);
          return;
        }
        if (step.value === null) continue;
        this.#ports.post({ kind: 'chunk', id: job.id, chunk: step.value.value }, step.value.transfer);
        job.inFlight += 1;
        if (job.inFlight < CHUNKS_IN_FLIGHT) continue;
        this.#waiting.set(job.id, job);
        return;
      }
      this.#ready.push(job);
    } catch (error) {
      this.#ports.fail(job.id, error);
    }
  }
}
