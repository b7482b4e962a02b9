/**
 * A stored row's state as a blob: first what is applied, so that a scan worker reads no further, then siblings and
 * context. Short: actors are numbers of the store's own table, and a sibling that equals the applied value is one byte.
 */
import { Reader, readRow, readValue, skipValue, Writer, writeRow, writeValue } from '../core/encode.ts';
import type { RowForm } from '../core/encode.ts';
import { sameValue } from '../core/value.ts';
import type { Applied, Dot, Identity, RelPath, Row, Value } from '../core/types.ts';
import type { ActorTable } from './actors.ts';
import type { Intent } from './store.ts';

const MAX_IDENTITY = 1000;
/** Longer than any path that the kernel takes. */
const MAX_PATH = 65_535;
const MAX_BACKUP_ID = 1000;

const AS_APPLIED = 0;
const IN_FULL = 1;

const NOT_APPLIED = 0;
const WITHOUT_IDENTITY = 1;
const WITH_IDENTITY = 2;

export class RecordCodec {
  readonly #actors: ActorTable;
  readonly #writer = new Writer();

  constructor(actors: ActorTable) {
    this.#actors = actors;
  }

  /** Valid until the next call, as is all that is encoded here: SQLite takes a copy. */
  encodeState(row: Row, applied: Applied | null): Uint8Array {
    this.#writer.clear();
    this.#writeApplied(applied);
    writeRow(this.#writer, row, this.#form(applied));
    return this.#writer.lend();
  }

  /** Throws DecodeError. */
  decodeState(state: Uint8Array): { readonly row: Row; readonly applied: Applied | null } {
    const reader = new Reader(state);
    const applied = this.#readApplied(reader);
    const row = readRow(reader, this.#form(applied));
    reader.end();
    return { row, applied };
  }

  /** The applied part of a state alone. Throws DecodeError. */
  decodeApplied(state: Uint8Array): Applied | null {
    return this.#readApplied(new Reader(state));
  }

  /** What a look at the disk is compared with first: `absent` when nothing is applied, or an absence. Throws DecodeError. */
  decodeIdentity(state: Uint8Array): Identity | null | 'absent' {
    const reader = new Reader(state);
    const form = reader.byte();
    if (form === NOT_APPLIED || !skipValue(reader)) return 'absent';
    if (form !== WITH_IDENTITY) return null;
    for (let left = reader.count(2); left > 0; left--) {
      reader.uint();
      reader.uint();
    }
    return reader.byteString(MAX_IDENTITY) as Identity;
  }

  encodeVersion(value: Value, dots: readonly Dot[]): Uint8Array {
    this.#writer.clear();
    writeValue(this.#writer, value);
    this.#writeDots(dots);
    return this.#writer.lend();
  }

  /** Throws DecodeError. */
  decodeVersion(version: Uint8Array): { readonly value: Value; readonly dots: readonly Dot[] } {
    const reader = new Reader(version);
    const value = readValue(reader);
    const dots = this.#readDots(reader);
    reader.end();
    return { value, dots };
  }

  encodeIntents(intents: readonly Intent[]): Uint8Array {
    this.#writer.clear();
    this.#writer.uint(intents.length);
    for (const { path, backupId, wanted } of intents) {
      this.#writer.byteString(path);
      this.#writer.byteString(backupId ?? '');
      writeValue(this.#writer, wanted.value);
      this.#writeDots(wanted.dots);
    }
    return this.#writer.lend();
  }

  /** Throws DecodeError. */
  decodeIntents(bytes: Uint8Array): Intent[] {
    const reader = new Reader(bytes);
    const intents: Intent[] = [];
    for (let left = reader.count(4); left > 0; left--) {
      const path = reader.byteString(MAX_PATH) as RelPath;
      const backupId = reader.byteString(MAX_BACKUP_ID);
      const wanted = { value: readValue(reader), dots: this.#readDots(reader) };
      intents.push({ path, backupId: backupId === '' ? null : backupId, wanted });
    }
    reader.end();
    return intents;
  }

  #writeApplied(applied: Applied | null): void {
    const writer = this.#writer;
    if (applied === null) {
      writer.byte(NOT_APPLIED);
      return;
    }
    writer.byte(applied.identity === null ? WITHOUT_IDENTITY : WITH_IDENTITY);
    writeValue(writer, applied.value);
    this.#writeDots(applied.dots);
    if (applied.identity !== null) writer.byteString(applied.identity);
  }

  #readApplied(reader: Reader): Applied | null {
    const form = reader.byte();
    if (form === NOT_APPLIED) return null;
    const value = readValue(reader);
    const dots = this.#readDots(reader);
    const identity = form === WITH_IDENTITY ? (reader.byteString(MAX_IDENTITY) as Identity) : null;
    return { value, dots, identity };
  }

  #writeDots(dots: readonly Dot[]): void {
    this.#writer.uint(dots.length);
    for (const { actor, counter } of dots) {
      this.#actors.write(this.#writer, actor);
      this.#writer.uint(counter);
    }
  }

  #readDots(reader: Reader): Dot[] {
    const dots: Dot[] = [];
    for (let left = reader.count(2); left > 0; left--) {
      const actor = this.#actors.read(reader);
      dots.push({ actor, counter: reader.uint() });
    }
    return dots;
  }

  #form(applied: Applied | null): RowForm {
    return {
      writeActor: (writer, actor) => this.#actors.write(writer, actor),
      readActor: (reader) => this.#actors.read(reader),
      writeValue: (writer, value) => {
        const same = value.kind !== 'absent' && applied !== null && sameValue(applied.value, value);
        writer.byte(same ? AS_APPLIED : IN_FULL);
        if (!same) writeValue(writer, value);
      },
      readValue: (reader) => {
        const form = reader.byte();
        return form === AS_APPLIED && applied !== null ? applied.value : readValue(reader);
      },
    };
  }
}
