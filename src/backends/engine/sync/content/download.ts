/**
 * Receives one large file into a temporary, from the first byte to the last: parts from a peer, and blocks that an older
 * file here has. What is there stays when the peer is lost, and is gone on with, by the next peer or after a restart.
 */
import { codeOf, messageOf } from '../../../../util/errors.ts';
import type { NodeId } from '../../core/types.ts';
import type { Fetched } from '../effects.ts';
import type { Asking } from './asking.ts';
import { opsFrom } from './blocks.ts';
import { compare, type Comparison, type ComparisonParts } from './comparison.ts';
import { follow, type FollowParts, type Step } from './follow.ts';
import type { Slots } from './slots.ts';
import { Temporary } from './temporary.ts';

export interface DownloadParts extends ComparisonParts, Omit<FollowParts, 'asking' | 'base'> {
  /** of the temporary */
  readonly name: string;
  /** null when there is no link that serves the group */
  askingOf(peer: NodeId): { readonly asking: Asking; readonly slots: Slots } | null;
  corrupt(): void;
}

/** From the first candidate that gives it whole. Never rejects. */
export async function download(parts: DownloadParts): Promise<Fetched> {
  const { request, signal } = parts;
  const receiving = new Receiving(parts);
  const reasons: string[] = [];
  try {
    for (const peer of request.candidates) {
      const linked = parts.askingOf(peer);
      if (linked === null) {
        reasons.push(`${peer} is not linked`);
        continue;
      }
      const giveBack = await linked.slots.take(request.size, signal);
      if (giveBack === null) break;
      const attempt = await receiving.from(linked.asking).finally(giveBack);
      if (attempt.kind !== 'next') return attempt;
      reasons.push(`${peer}: ${attempt.reason}`);
      if (signal.aborted) break;
    }
  } finally {
    await receiving.close();
  }
  if (signal.aborted) return { kind: 'unavailable', reason: 'no longer wanted' };
  return { kind: 'unavailable', reason: reasons.join('; ') || 'no peer has it' };
}

type Next = Extract<Step, { kind: 'next' }>;

class Receiving {
  readonly #parts: DownloadParts;
  #temporary: Temporary | null = null;
  #comparison: Comparison | null = null;
  #mayCompare = true;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  async from(asking: Asking): Promise<Fetched | Next> {
    const { disk, name, request, signal } = this.#parts;
    try {
      this.#temporary ??= await Temporary.open(disk, name, request.size, signal);
      const begun = this.#temporary.size;
      const step = await this.#receive(asking, this.#temporary);
      if (step.kind === 'next') return step;
      if (step.kind === 'complete' && (await this.#temporary.sha256()) === request.sha256)
        return { kind: 'staged', name };
      if (step.kind === 'complete') this.#parts.corrupt();
      // Only when every byte came from this peer, and now, is it the peer that is wrong.
      const isItsFault = begun === 0 && this.#comparison === null;
      await this.#discard();
      return isItsFault ? { kind: 'next', reason: 'sent other content' } : await this.from(asking);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** What is there stays in the temporary. */
  async close(): Promise<void> {
    await this.#temporary?.close();
    this.#temporary = null;
    await this.#closeBase();
  }

  async #discard(): Promise<void> {
    await this.#temporary?.remove();
    this.#temporary = null;
    await this.#closeBase();
    this.#mayCompare = false;
  }

  async #closeBase(): Promise<void> {
    await this.#comparison?.base.close().catch(() => undefined);
    this.#comparison = null;
  }

  async #failed(error: unknown): Promise<Fetched | Next> {
    if (this.#parts.signal.aborted) return { kind: 'next', reason: 'no longer wanted' };
    const code = codeOf(error) ?? 'failed';
    // A full disk gets its space back; a worker that crashed, or a root that is gone, takes nothing from what is there.
    if (/^E[A-Z0-9]+$/.test(code)) await this.#discard();
    return { kind: 'failed', code, message: messageOf(error) };
  }

  async #receive(asking: Asking, temporary: Temporary): Promise<Step> {
    const { request } = this.#parts;
    if (this.#mayCompare && temporary.size < request.size) {
      const compared = await compare(asking, this.#parts);
      if (compared !== null && 'refused' in compared) return { kind: 'next', reason: compared.refused };
      this.#comparison = compared;
      this.#mayCompare = false;
    }
    const { sources, blockSize } = this.#comparison ?? { sources: new Float64Array(0), blockSize: 1 };
    const ops = opsFrom(temporary.size, request.size, sources, blockSize);
    const step = await follow(ops, temporary, {
      ...this.#parts,
      asking,
      base: this.#comparison?.base ?? null,
    });
    await temporary.flushed();
    return step;
  }
}
