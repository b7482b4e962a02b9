/** Contents that rows wait for: who is asked, how many at once, and what came and is not placed yet. */
import type { NodeId, RelPath, Sha256 } from '../core/types.ts';
import type { RowUpdate } from '../wire/messages.ts';
import type { FetchRequest, Fetched } from './effects.ts';
import type { Plan } from './planning.ts';
import type { Shared } from './shared.ts';

const IN_FLIGHT = 1024;
const MOST_SOURCES = 100_000;
/** Bytes of contents that came and cannot be placed now; beyond it they are fetched once more. */
const MOST_HELD = 64 * 1024 * 1024;

type Usable = Extract<Fetched, { kind: 'inline' | 'staged' }>;

export class Fetching {
  readonly #shared: Shared;
  readonly #peers: () => NodeId[];
  readonly #held = new Map<RelPath, { readonly sha256: Sha256; readonly content: Usable }>();
  /** who told us of a version last: has its content */
  readonly #sources = new Map<RelPath, NodeId>();
  #asked = 0;
  #heldBytes = 0;

  constructor(shared: Shared, peers: () => NodeId[]) {
    this.#shared = shared;
    this.#peers = peers;
  }

  /** How many more may be asked for now. */
  get room(): number {
    return Math.max(0, IN_FLIGHT - this.#asked);
  }

  heard(updates: readonly RowUpdate[], sender: NodeId): void {
    if (this.#sources.size > MOST_SOURCES) this.#sources.clear();
    for (const { path, content } of updates) {
      if (content !== null) this.#shared.contents.add(content);
      this.#sources.set(path, sender);
    }
  }

  ask(path: RelPath, { sha256, size, base }: Extract<Plan, { kind: 'fetch' }>): void {
    const source = this.#sources.get(path);
    const candidates = this.#peers();
    if (source !== undefined && candidates.includes(source))
      candidates.sort((a, b) => Number(b === source) - Number(a === source));
    this.#asked += 1;
    this.#shared.effects.fetch({ path, sha256, size, base, candidates });
  }

  /** Whether the content is still of use: then it is kept until it is placed. */
  answered(request: FetchRequest, result: Fetched): boolean {
    this.#asked -= 1;
    const { path, sha256 } = request;
    if (!this.#isWanted(path, sha256)) {
      this.#shared.effects.discard(request);
      return false;
    }
    if (result.kind === 'inline' || result.kind === 'staged') this.#hold(path, sha256, result);
    return true;
  }

  held(path: RelPath, sha256: Sha256): Usable | null {
    const held = this.#held.get(path);
    return held?.sha256 === sha256 ? held.content : null;
  }

  /** It is on the disk, or turned out to be of no use. */
  used(path: RelPath): void {
    const held = this.#held.get(path);
    this.#held.delete(path);
    if (held?.content.kind === 'inline') this.#heldBytes -= held.content.bytes.length;
  }

  settled(path: RelPath): void {
    this.#sources.delete(path);
  }

  /** What was fetched for a version that is not wanted any more. */
  dropStale(path: RelPath): void {
    const held = this.#held.get(path);
    if (held === undefined || this.#isWanted(path, held.sha256)) return;
    this.used(path);
    this.#shared.effects.discard({ path, sha256: held.sha256 });
  }

  #hold(path: RelPath, sha256: Sha256, content: Usable): void {
    this.used(path);
    this.#held.set(path, { sha256, content });
    if (content.kind !== 'inline') return;
    this.#heldBytes += content.bytes.length;
    for (const [oldest, held] of this.#held) {
      if (this.#heldBytes <= MOST_HELD) return;
      if (held.content.kind === 'inline') this.used(oldest);
    }
  }

  #isWanted(path: RelPath, sha256: Sha256): boolean {
    const stored = this.#shared.rows.get(path);
    const want = stored?.pending === true ? this.#shared.table.wanted(stored) : null;
    return want?.kind === 'value' && want.value.kind === 'file' && want.value.sha256 === sha256;
  }
}
