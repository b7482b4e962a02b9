/** The actors that a store's blobs name by number: a few a node and epoch, so all of them are kept in memory. */
import type { Actor } from '../core/types.ts';
import { DecodeError } from '../core/encode.ts';
import type { Reader, Writer } from '../core/encode.ts';
import type { Statement } from './statement.ts';

export class ActorTable {
  readonly #select: Statement;
  /** null: a read-only connection */
  readonly #insert: Statement | null;
  readonly #numbers = new Map<Actor, number>();
  readonly #actors: Actor[] = [];

  constructor(select: Statement, insert: Statement | null) {
    this.#select = select;
    this.#insert = insert;
    this.reload();
  }

  /** After a rollback: numbers given in the transaction are free again. */
  reload(): void {
    this.#numbers.clear();
    this.#actors.length = 0;
    for (const [id, name] of this.#select.all()) this.#learn(name as Actor, id as number);
  }

  write(writer: Writer, actor: Actor): void {
    writer.uint(this.#numberOf(actor));
  }

  read(reader: Reader): Actor {
    return this.#actorOf(reader.uint());
  }

  #numberOf(actor: Actor): number {
    const known = this.#numbers.get(actor);
    if (known !== undefined) return known;
    const next = this.#actors.length;
    if (this.#insert === null) throw new Error('a read-only store takes no new actor');
    this.#insert.run(next, actor);
    this.#learn(actor, next);
    return next;
  }

  #actorOf(number: number): Actor {
    const known = this.#actors[number];
    if (known !== undefined) return known;
    // The writer on the other connection may have met an actor since.
    if (this.#insert === null) this.reload();
    const found = this.#actors[number];
    if (found === undefined) throw new DecodeError(`unknown actor number ${number}`);
    return found;
  }

  #learn(actor: Actor, number: number): void {
    this.#numbers.set(actor, number);
    this.#actors[number] = actor;
  }
}
