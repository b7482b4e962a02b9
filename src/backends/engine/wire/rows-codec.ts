/**
 * The `rows` message in bytes; the rest of the control messages is JSON. Integers, byte strings and rows are encoded as
 * core/encode.ts has them, except that an actor is written out once in a message and is a number afterwards.
 *
 *     group, mapping          byte strings
 *     prev, last              integers
 *     count                   integer, then as many of:
 *       path                  byte string
 *       seq                   integer
 *       flags                 byte: 1 = movedFrom follows, 2 = content follows
 *       movedFrom             byte string
 *       row                   core/encode.ts, actors as (number [, name])
 *       content               bytes
 */
import { DecodeError, Reader, readRow, readValue, Writer, writeRow, writeValue } from '../core/encode.ts';
import type { RowForm } from '../core/encode.ts';
import type { Actor, Value } from '../core/types.ts';
import { MAX_INLINE_CONTENT, MAX_PATH } from './limits.ts';
import type { Message, RowUpdate } from './messages.ts';
import { receivedName } from './names.ts';
import { receivedPath } from './path.ts';
import { ProtocolError } from './protocol-error.ts';

export type RowsMessage = Extract<Message, { kind: 'rows' }>;

const MOVED = 1;
const CONTENT = 2;
const MAX_NAME = 63;
const MAX_ACTOR = 300;
/** path, seq, flags and the two counts of an empty row */
const MIN_ROW_BYTES = 6;

/** Used for every message: one that grows anew to the size of each costs more than the encoding. */
const writer = new Writer();

export function encodeRows(message: RowsMessage): Uint8Array {
  writer.clear();
  const form = formForWriting();
  writer.byteString(message.group);
  writer.byteString(message.mapping);
  writer.uint(message.prev);
  writer.uint(message.last);
  writer.uint(message.rows.length);
  for (const update of message.rows) writeUpdate(update, form);
  return writer.take();
}

function writeUpdate(update: RowUpdate, form: RowForm): void {
  writer.byteString(update.path);
  writer.uint(update.seq);
  writer.byte((update.movedFrom === null ? 0 : MOVED) | (update.content === null ? 0 : CONTENT));
  if (update.movedFrom !== null) writer.byteString(update.movedFrom);
  writeRow(writer, update.row, form);
  if (update.content !== null) writer.bytes(update.content);
}

/** Throws ProtocolError. Contents are views of `bytes`. */
export function decodeRows(bytes: Uint8Array): RowsMessage {
  try {
    const reader = new Reader(bytes);
    const message = readRows(reader);
    reader.end();
    return message;
  } catch (error) {
    if (error instanceof DecodeError) throw new ProtocolError('bad-message', `rows: ${error.message}`, error);
    throw error;
  }
}

function readRows(reader: Reader): RowsMessage {
  const group = receivedName(reader.byteString(MAX_NAME));
  const mapping = receivedName(reader.byteString(MAX_NAME));
  const prev = reader.uint();
  const last = reader.uint();
  const form = formForReading();
  const rows: RowUpdate[] = [];
  for (let left = reader.count(MIN_ROW_BYTES); left > 0; left--) rows.push(readUpdate(reader, form));
  return { kind: 'rows', group, mapping, prev, last, rows };
}

function readUpdate(reader: Reader, form: RowForm): RowUpdate {
  const path = receivedPath(reader.byteString(MAX_PATH));
  const seq = reader.uint();
  const flags = reader.byte();
  if (flags > (MOVED | CONTENT)) throw new DecodeError(`unknown flags of a row: ${flags}`);
  const movedFrom = (flags & MOVED) === 0 ? null : receivedPath(reader.byteString(MAX_PATH));
  const row = readRow(reader, form);
  const content = (flags & CONTENT) === 0 ? null : reader.bytes(MAX_INLINE_CONTENT);
  return { path, seq, row, movedFrom, content };
}

/** An actor is written out once; `known` is this message's table of them. */
function formForWriting(): RowForm {
  const known = new Map<Actor, number>();
  return {
    writeActor(writer, actor) {
      const number = known.get(actor);
      writer.uint(number ?? known.size);
      if (number !== undefined) return;
      known.set(actor, known.size);
      writer.byteString(actor);
    },
    writeValue,
    readActor: neverCalled,
    readValue: neverCalled,
  };
}

function formForReading(): RowForm {
  const known: Actor[] = [];
  return {
    readActor(reader) {
      const actor = known[reader.uint(known.length)];
      if (actor !== undefined) return actor;
      const fresh = reader.byteString(MAX_ACTOR) as Actor;
      known.push(fresh);
      return fresh;
    },
    readValue: readCheckedValue,
    writeActor: neverCalled,
    writeValue: neverCalled,
  };
}

/** Refuses what only the system would refuse, much later: a target that no symlink can have. */
function readCheckedValue(reader: Reader): Value {
  const value = readValue(reader);
  if (value.kind === 'symlink' && (value.target === '' || value.target.includes('\0'))) {
    throw new DecodeError('a symlink to nowhere');
  }
  return value;
}

function neverCalled(): never {
  throw new Error('this form goes the other way');
}
