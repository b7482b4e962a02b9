/**
 * What two nodes say to each other after the handshake, on the control connection: the whole protocol as one union.
 * docs/PROTOCOL.md gives the bytes. Messages are idempotent; a lost connection loses nothing, because each side resumes
 * from what the other holds.
 */
import type { NodeId, RelPath, Row } from '../core/types.ts';
import type { Seq } from '../store/store.ts';

/** Which mapping a message is about; only ever one of a group that both sides proved. */
export interface About {
  readonly group: string;
  readonly mapping: string;
}

export type Knowledge = ReadonlyMap<string, number>;

export interface RowUpdate {
  readonly path: RelPath;
  /** sender's sequence of this change */
  readonly seq: Seq;
  readonly row: Row;
  /** at the sender this content was found by a rename from there: a receiver that has it moves it */
  readonly movedFrom: RelPath | null;
  /** content of the version that the sender shows, when it is a small file that the sender has on its disk */
  readonly content: Uint8Array | null;
}

export type Message =
  /** I take part in this mapping. `have` is what I hold of your table. */
  | (About & {
      readonly kind: 'open';
      readonly configHash: string;
      readonly tableId: string;
      readonly haveTable: string;
      readonly haveSeq: Seq;
      readonly knowledge: Knowledge;
      readonly linked: readonly NodeId[];
    })
  /** I take no part for now: the root is gone, the mapping is paused, the configs differ. */
  | (About & { readonly kind: 'close'; readonly code: string; readonly reason: string })
  /** Changes of my table after `prev`, in order. A receiver that does not hold `prev` answers with a new `open`. */
  | (About & {
      readonly kind: 'rows';
      readonly prev: Seq;
      readonly last: Seq;
      readonly rows: readonly RowUpdate[];
    })
  /** With what was sent, you hold my table up to `seq`, and everything in `knowledge` (I14). */
  | (About & { readonly kind: 'mark'; readonly seq: Seq; readonly knowledge: Knowledge })
  /** What I hold now: spare me what it covers. I take part with `linked`: what they write they tell me themselves. */
  | (About & { readonly kind: 'knows'; readonly knowledge: Knowledge; readonly linked: readonly NodeId[] })
  /** Everything of your table up to `seq` is on my disk (or superseded), but for the failed ones. */
  | (About & {
      readonly kind: 'ack';
      readonly tableId: string;
      readonly seq: Seq;
      readonly failedCount: number;
      /** at most 100 of them */
      readonly failed: readonly { readonly path: RelPath; readonly code: string; readonly message: string }[];
    })
  /** You may send this many more bytes of rows and inline content. */
  | { readonly kind: 'credit'; readonly bytes: number }
  /** Heartbeat; `time` is my wall clock in ms. */
  | { readonly kind: 'ping'; readonly time: number }
  /** Questions and answers between two nodes' control loops (verify, fingerprints, conflicts): JSON by kind of call. */
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly params: unknown }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly result: unknown;
      readonly error: { readonly code: string; readonly message: string } | null;
    };
