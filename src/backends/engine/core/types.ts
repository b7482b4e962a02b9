/**
 * The vocabulary of the engine: plain readonly data, no behaviour.
 *
 * Names of files are bytes on Linux. Inside the engine a name, a path or a symlink's target is a *byte string*: a
 * JavaScript string whose code units are the bytes (latin1), so that comparing strings compares bytes and every node has
 * the same order. UTF-8 is made only to show a name to a person.
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A path below a mapping's root, a byte string: no leading or trailing `/`, no `.` or `..`; `''` is the root itself. */
export type RelPath = Brand<string, 'RelPath'>;

/** A node's short, stable name from the config. */
export type NodeId = Brand<string, 'NodeId'>;

/** `NODE#EPOCH`: who makes dots. A node takes a new epoch whenever its state may have gone back in time. */
export type Actor = Brand<string, 'Actor'>;

/** SHA-256 of a file's content, 64 lower-case hex digits. */
export type Sha256 = Brand<string, 'Sha256'>;

/** One event of one actor. The counter is `max(last + 1, milliseconds since 1970)`: strictly growing, never reused (I11). */
export interface Dot {
  readonly actor: Actor;
  readonly counter: number;
}

/** Greatest counter seen per actor. An actor that is not in it counts as 0. */
export type Vector = ReadonlyMap<Actor, number>;

/**
 * What one name holds. Two values are equal when their canonical encodings are (encode.ts), whatever their dots.
 *
 * `owner` is `user:group` by name, `#uid:#gid` by number, or `''` where the mapping ignores owners.
 * `mode` is 07777 of st_mode. `mtimeNs` is nanoseconds since 1970; directories carry none, because every node's own
 * work inside a directory changes it.
 */
export type Value =
  | {
      readonly kind: 'file';
      readonly sha256: Sha256;
      readonly size: number;
      readonly mtimeNs: bigint;
      readonly mode: number;
      readonly owner: string;
    }
  | { readonly kind: 'dir'; readonly mode: number; readonly owner: string }
  | { readonly kind: 'symlink'; readonly target: string; readonly mtimeNs: bigint; readonly owner: string }
  | { readonly kind: 'fifo'; readonly mtimeNs: bigint; readonly mode: number; readonly owner: string }
  | Absent;

/** A deletion (tombstone). One of a directory remembers its metadata, for a child that is created concurrently (I13). */
export interface Absent {
  readonly kind: 'absent';
  /** mtime of what was deleted, in ns; only to show */
  readonly dir?: { readonly mode: number; readonly owner: string };
}

/** One of the concurrent versions of a path. */
export interface Sibling {
  readonly dot: Dot;
  readonly value: Value;
}

/**
 * A path's replicated state: the concurrent versions (normally one), ordered by dot, and everything any of them, or any
 * version before them, was made of. A dot in the context without a sibling is superseded for ever.
 */
export interface Row {
  readonly siblings: readonly Sibling[];
  readonly context: Vector;
}

/** The conflict policies; csync2's names, redefined as pure functions of the sibling set (policy.ts). */
export type Policy =
  | 'none'
  | 'first'
  | 'younger'
  | 'older'
  | 'bigger'
  | 'smaller'
  | 'left'
  | 'right'
  | 'keep-both';

/** Stat identity of what was last read from or put on the disk, as text (sys/identity.ts); equal text = untouched since. */
export type Identity = Brand<string, 'Identity'>;

/**
 * What this node last put on, or read from, its disk at a path. `dots` are the siblings that the disk showed: a local
 * edit supersedes these and no others (I3).
 */
export interface Applied {
  readonly value: Value;
  readonly dots: readonly Dot[];
  /** null for `absent` */
  readonly identity: Identity | null;
}
