/**
 * Getting a file's content from a peer, and giving it, over the links' bulk connections: the face of sync/content/. The
 * control loop asks and is told; the bytes go between the socket and the disk workers.
 */
import type { Identity, RelPath, Sha256 } from '../core/types.ts';
import type { BulkFrame, Link } from '../net/link.ts';
import type { About } from '../wire/messages.ts';
import type { FetchRequest, Fetched } from './effects.ts';

/** Where this node has a content now. */
export type Located =
  | { readonly kind: 'path'; readonly path: RelPath; readonly identity: Identity }
  | { readonly kind: 'backup'; readonly id: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

export interface ContentSource {
  /** null when this node does not have it, or takes no part in that mapping now. */
  locate(about: About, path: RelPath, sha256: Sha256): Located | null;
}

export interface ContentTransfer {
  /** A new link: its bulk frames go to the result from now on. */
  linked(link: Link): { bulk(frame: BulkFrame): void | Promise<void>; closed(): void };
  /**
   * Gets a content from the first candidate that has it. Many small ones asked for together travel together. Never
   * rejects. `signal` ends it when the content is no longer wanted.
   */
  fetch(about: About, request: FetchRequest, signal: AbortSignal): Promise<Fetched>;
  /** bytes received and sent as content since the start, and what was saved by comparing blocks */
  readonly counters: {
    readonly received: number;
    readonly sent: number;
    readonly savedByBlocks: number;
    /** contents that were not what their peer said */
    readonly corrupt: number;
  };
}
