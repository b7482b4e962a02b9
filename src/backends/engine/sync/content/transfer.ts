/**
 * Content transfer: what this node gets from its peers and gives to them, over the links' bulk connections. Small files
 * travel many to a frame (small-fetches.ts), large ones in parts and block by block (download.ts); giving.ts serves both.
 */
import { temporaryName } from './temporary-name.ts';
import type { NodeId } from '../../core/types.ts';
import type { BulkFrame, Link } from '../../net/link.ts';
import { MAX_INLINE_CONTENT } from '../../wire/limits.ts';
import type { About } from '../../wire/messages.ts';
import type { ContentSource, ContentTransfer } from '../content-transfer.ts';
import type { Fetched, FetchRequest } from '../effects.ts';
import { Asking } from './asking.ts';
import { BlockHashes } from './block-hashes.ts';
import type { ContentDisk } from './content-disk.ts';
import { download } from './download.ts';
import { isAnswer } from './frames.ts';
import { Giving } from './giving.ts';
import { Slots } from './slots.ts';
import { SmallFetches } from './small-fetches.ts';
import { Windows } from './windows.ts';

export interface ContentTransferParts {
  sessions(peer: NodeId): Link | null;
  /** null when the mapping is not attached */
  disk(about: About): ContentDisk | null;
  readonly source: ContentSource;
}

export function createContentTransfer(parts: ContentTransferParts): ContentTransfer {
  return new Transfer(parts);
}

class Transfer implements ContentTransfer {
  readonly counters = { received: 0, sent: 0, savedByBlocks: 0, corrupt: 0 };
  readonly #parts: ContentTransferParts;
  readonly #linked = new Map<Link, { readonly asking: Asking; readonly slots: Slots }>();
  readonly #hashes = new BlockHashes();
  readonly #windows = new Windows();
  readonly #small: SmallFetches;
  /** by mapping and temporary */
  readonly #downloads = new Map<string, Promise<unknown>>();

  constructor(parts: ContentTransferParts) {
    this.#parts = parts;
    this.#small = new SmallFetches({
      askingOf: (peer, group) => this.#askingOf(peer, group)?.asking ?? null,
      received: (bytes) => this.#received(bytes),
      corrupt: () => this.#corrupt(),
    });
  }

  linked(link: Link): { bulk(frame: BulkFrame): void; closed(): void } {
    const asking = new Asking(link);
    const giving = new Giving(link, {
      disk: (about) => this.#parts.disk(about),
      source: this.#parts.source,
      hashes: this.#hashes,
      sent: (bytes) => {
        this.counters.sent += bytes;
      },
    });
    this.#linked.set(link, { asking, slots: new Slots() });
    return {
      bulk: (frame) => {
        if (isAnswer(frame.type)) return asking.answer(frame);
        giving.asked(frame);
        frame.done?.();
      },
      closed: () => {
        this.#linked.delete(link);
        asking.closed();
        giving.closed();
      },
    };
  }

  fetch(about: About, request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    if (request.size <= MAX_INLINE_CONTENT) return this.#small.fetch(about, request, signal);
    return this.#download(about, request, signal);
  }

  async #download(about: About, request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    const name = temporaryName(request);
    const key = `${about.group}/${about.mapping}/${name}`;
    // The last one of the same name may still be closing its temporary.
    for (let last = this.#downloads.get(key); last !== undefined; last = this.#downloads.get(key)) await last;
    const disk = this.#parts.disk(about);
    if (disk === null) return { kind: 'unavailable', reason: 'the directory is not attached' };
    const running = download({
      about,
      request,
      signal,
      name,
      disk,
      windows: this.#windows,
      askingOf: (peer) => this.#askingOf(peer, about.group),
      received: (bytes) => this.#received(bytes),
      saved: (bytes) => {
        this.counters.savedByBlocks += bytes;
      },
      corrupt: () => this.#corrupt(),
    });
    this.#downloads.set(key, running);
    return running.finally(() => this.#downloads.delete(key));
  }

  #askingOf(peer: NodeId, group: string): { readonly asking: Asking; readonly slots: Slots } | null {
    const link = this.#parts.sessions(peer);
    if (link === null || !link.groups.has(group)) return null;
    return this.#linked.get(link) ?? null;
  }

  #received(bytes: number): void {
    this.counters.received += bytes;
  }

  #corrupt(): void {
    this.counters.corrupt += 1;
  }
}
