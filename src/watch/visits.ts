/** The reading of directories with all below them: one visit after the other, so that events pass in between. */
import type { DirNode } from './directory-index.ts';

/** ms of work at a stretch, so that events and signs of life pass in between */
const SLICE_MS = 10;

export interface Visit {
  readonly open: DirNode[];
  /** whether each directory gets a patch first; `spared`: as long as there are spares, and no further */
  readonly patched: 'yes' | 'no' | 'spared';
  readonly done: () => void;
}

export interface VisitsPorts {
  /** Reads a directory; returns those in it that are to be visited, or null where the visit ends. */
  readonly enter: (node: DirNode, patched: Visit['patched']) => readonly DirNode[] | null;
  /** These were to be visited when it ended. */
  readonly leave: (nodes: readonly DirNode[]) => void;
}

export class Visits {
  readonly #ports: VisitsPorts;
  readonly #waiting: Visit[] = [];
  #slicing = false;

  constructor(ports: VisitsPorts) {
    this.#ports = ports;
  }

  /** A small one is done when this returns. */
  add(visit: Visit): void {
    this.#waiting.push(visit);
    if (!this.#slicing) this.#slice();
  }

  #slice(): void {
    this.#slicing = true;
    const end = performance.now() + SLICE_MS;
    for (let visit = this.#waiting[0]; visit !== undefined; visit = this.#waiting[0]) {
      for (let node = visit.open.pop(); node !== undefined; node = visit.open.pop()) {
        const fresh = this.#ports.enter(node, visit.patched);
        if (fresh === null) this.#ports.leave([...visit.open.splice(0), node]);
        else for (const child of fresh) visit.open.push(child);
        if (performance.now() < end) continue;
        setImmediate(() => this.#slice());
        return;
      }
      this.#waiting.shift();
      visit.done();
    }
    this.#slicing = false;
  }
}
