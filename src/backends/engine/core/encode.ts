/**
 * The canonical encoding of rows and values: equal ones give equal bytes (vectors sorted by actor, siblings by dot), and
 * what decodes encodes to the same bytes again. It goes over the wire, into the store and into fingerprints, so a change
 * of it is a new wire feature and a new schema.
 *
 * ```
 * row     = count, (actor, counter)*          the context, by actor
 *           count, (index, behind, value)*    siblings, by dot: index into the context, context's counter minus dot's
 * value   = kind byte, fields
 * ```
 * A sibling whose dot its own context does not cover has no encoding: no such row may exist.
 */
import { DecodeError, Reader, Writer } from './bytes.ts';
import type { Actor, Row, Sha256, Sibling, Value, Vector } from './types.ts';
import { compareDots } from './vector.ts';

export { DecodeError, Reader, Writer };

/** Linux's PATH_MAX less the closing NUL; a symlink's target cannot be longer. */
const MAX_TARGET = 4095;
const MAX_OWNER = 1024;
const MAX_ACTOR = 300;
const MAX_MODE = 0o7777;

const ABSENT = 0;
const ABSENT_DIR = 1;
const FILE = 2;
const DIR = 3;
const SYMLINK = 4;
const FIFO = 5;

/**
 * How a row's actors and values are written, where not canonically: actors as numbers of a batch or of the store, values
 * in the store's short form.
 */
export interface RowForm {
  writeActor(writer: Writer, actor: Actor): void;
  readActor(reader: Reader): Actor;
  writeValue(writer: Writer, value: Value): void;
  readValue(reader: Reader): Value;
}

const canonical: RowForm = {
  writeActor: (writer, actor) => writer.byteString(actor),
  readActor: (reader) => reader.byteString(MAX_ACTOR) as Actor,
  writeValue,
  readValue,
};

export function encodeRow(row: Row): Uint8Array {
  const writer = new Writer();
  writeRow(writer, row);
  return writer.take();
}

/** Throws DecodeError. */
export function decodeRow(bytes: Uint8Array): Row {
  const reader = new Reader(bytes);
  const row = readRow(reader);
  reader.end();
  return row;
}

export function encodeValue(value: Value): Uint8Array {
  const writer = new Writer();
  writeValue(writer, value);
  return writer.take();
}

/** Throws DecodeError. */
export function decodeValue(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = readValue(reader);
  reader.end();
  return value;
}

export function writeRow(writer: Writer, row: Row, form: RowForm = canonical): void {
  const context = [...row.context].filter(([, counter]) => counter > 0).sort(byActor);
  writer.uint(context.length);
  for (const [actor, counter] of context) {
    form.writeActor(writer, actor);
    writer.uint(counter);
  }
  writer.uint(row.siblings.length);
  for (const { dot, value } of row.siblings.toSorted(byDot)) {
    const index = context.findIndex(([actor]) => actor === dot.actor);
    const counter = context[index]?.[1] ?? 0;
    if (dot.counter < 1 || dot.counter > counter) {
      throw new RangeError(`${dot.actor}:${dot.counter} is not covered by its row's context`);
    }
    writer.uint(index);
    writer.uint(counter - dot.counter);
    form.writeValue(writer, value);
  }
}

/** Throws DecodeError. */
export function readRow(reader: Reader, form: RowForm = canonical): Row {
  const context = readContext(reader, form);
  const entries = [...context];
  const siblings: Sibling[] = [];
  for (let left = reader.count(3); left > 0; left--) {
    const [actor, counter] = entries[reader.uint()] ?? raise('a sibling of an unknown actor');
    const dot = { actor, counter: counter - reader.uint(counter - 1) };
    const last = siblings.at(-1);
    if (last !== undefined && compareDots(last.dot, dot) >= 0) throw new DecodeError('siblings out of order');
    siblings.push({ dot, value: form.readValue(reader) });
  }
  return { siblings, context };
}

function readContext(reader: Reader, form: RowForm): Vector {
  const context = new Map<Actor, number>();
  let last: Actor | null = null;
  for (let left = reader.count(2); left > 0; left--) {
    const actor = form.readActor(reader);
    if (last !== null && last >= actor) throw new DecodeError('actors out of order');
    const counter = reader.uint();
    if (counter === 0) throw new DecodeError('a counter of 0');
    context.set(actor, counter);
    last = actor;
  }
  return context;
}

export function writeValue(writer: Writer, value: Value): void {
  switch (value.kind) {
    case 'absent':
      writer.byte(value.dir === undefined ? ABSENT : ABSENT_DIR);
      if (value.dir !== undefined) writeAccess(writer, value.dir);
      break;
    case 'file':
      writer.byte(FILE);
      writer.hash(value.sha256);
      writer.uint(value.size);
      writer.time(value.mtimeNs);
      writeAccess(writer, value);
      break;
    case 'dir':
      writer.byte(DIR);
      writeAccess(writer, value);
      break;
    case 'symlink':
      writer.byte(SYMLINK);
      writer.byteString(value.target);
      writer.time(value.mtimeNs);
      writer.byteString(value.owner);
      break;
    case 'fifo':
      writer.byte(FIFO);
      writer.time(value.mtimeNs);
      writeAccess(writer, value);
      break;
  }
}

/** Throws DecodeError. */
export function readValue(reader: Reader): Value {
  const kind = reader.byte();
  switch (kind) {
    case ABSENT:
      return { kind: 'absent' };
    case ABSENT_DIR:
      return { kind: 'absent', dir: readAccess(reader) };
    case FILE: {
      const sha256 = reader.hash() as Sha256;
      const size = reader.uint();
      const mtimeNs = reader.time();
      return { kind: 'file', sha256, size, mtimeNs, ...readAccess(reader) };
    }
    case DIR:
      return { kind: 'dir', ...readAccess(reader) };
    case SYMLINK: {
      const target = reader.byteString(MAX_TARGET);
      const mtimeNs = reader.time();
      return { kind: 'symlink', target, mtimeNs, owner: reader.byteString(MAX_OWNER) };
    }
    case FIFO: {
      const mtimeNs = reader.time();
      return { kind: 'fifo', mtimeNs, ...readAccess(reader) };
    }
    default:
      throw new DecodeError(`unknown kind of value: ${kind}`);
  }
}

/** Passes over a value without making it; whether it is one other than absent. Throws DecodeError. */
export function skipValue(reader: Reader): boolean {
  const kind = reader.byte();
  switch (kind) {
    case ABSENT:
      break;
    case ABSENT_DIR:
    case DIR:
      skipAccess(reader);
      break;
    case FILE:
      reader.skipHash();
      reader.uint();
      reader.skipTime();
      skipAccess(reader);
      break;
    case SYMLINK:
      reader.skipBytes(MAX_TARGET);
      reader.skipTime();
      reader.skipBytes(MAX_OWNER);
      break;
    case FIFO:
      reader.skipTime();
      skipAccess(reader);
      break;
    default:
      throw new DecodeError(`unknown kind of value: ${kind}`);
  }
  return kind !== ABSENT && kind !== ABSENT_DIR;
}

function writeAccess(writer: Writer, value: { readonly mode: number; readonly owner: string }): void {
  writer.uint(value.mode);
  writer.byteString(value.owner);
}

function readAccess(reader: Reader): { mode: number; owner: string } {
  const mode = reader.uint(MAX_MODE);
  return { mode, owner: reader.byteString(MAX_OWNER) };
}

function skipAccess(reader: Reader): void {
  reader.uint(MAX_MODE);
  reader.skipBytes(MAX_OWNER);
}

function byActor(a: readonly [Actor, number], b: readonly [Actor, number]): number {
  return a[0] < b[0] ? -1 : 1;
}

function byDot(a: Sibling, b: Sibling): number {
  return compareDots(a.dot, b.dot);
}

function raise(message: string): never {
  throw new DecodeError(message);
}
