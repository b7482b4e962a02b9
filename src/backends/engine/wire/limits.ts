/**
 * What a peer may make this node hold in memory, in bytes unless said otherwise. Both sides check: a sender never makes
 * what a receiver would drop the connection for. docs/PROTOCOL.md lists them; a larger one is a new feature.
 */
const KiB = 1024;
const MiB = 1024 * KiB;

/** A frame before the peer has proved anything; holds the proofs of some 400 groups. */
export const MAX_GREETING_FRAME = 64 * KiB;
/** A frame of the control connection; `rows` may be this large, compressed or not. */
export const MAX_CONTROL_FRAME = 16 * MiB;
/** Any other control message: JSON takes many times its size once it is parsed. */
export const MAX_JSON = 4 * MiB;
/** Content that rides with its row. */
export const MAX_INLINE_CONTENT = 64 * KiB;
/** Body of a bulk frame, after decompression. */
export const MAX_BULK_BODY = 4 * MiB;
/** Header of a bulk frame, JSON. */
export const MAX_BULK_HEADER = 256 * KiB;
/** Stream, type, flags, lengths. */
export const BULK_PREFIX = 14;
export const MAX_BULK_FRAME = BULK_PREFIX + MAX_BULK_HEADER + MAX_BULK_BODY;

/** One name of a path; NAME_MAX of every Linux file system that matters. */
export const MAX_SEGMENT = 255;
export const MAX_PATH = 8192;

/** Text that one side gives the other to show to a person, in characters. */
export const MAX_REASON = 2000;
/** Paths named in one `ack`. */
export const MAX_FAILED = 100;
/** Nodes named in one `open`. */
export const MAX_NODES = 1000;
