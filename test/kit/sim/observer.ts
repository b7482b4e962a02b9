/**
 * Looks over the shoulder of every node's store, at each write, and knows what no node may know: all dots of all nodes.
 * Throws at the first write that breaks an invariant, with the writer on the stack.
 */
import type { Row, Value } from '../../../src/backends/engine/core/types.ts';
import type { History } from './history.ts';
import type { Ledger } from './ledger.ts';
import type { MappingStore } from '../../../src/backends/engine/store/store.ts';

export class InvariantError extends Error {
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.name = 'InvariantError';
    this.invariant = invariant;
  }
}

const PAST: ReadonlySet<string> = new Set(['power', 'restore', 'wipe']);

export class Observer {
  private readonly ledger: Ledger;
  /** the history promises that nobody writes concurrently */
  private readonly single: boolean;
  /** no store is made older than its disk: then what is found there could be anybody's */
  private readonly isPowerSafe: boolean;
  /** machines are put back without knowing it */
  private readonly hasImages: boolean;
  /** users rename directories while the engine works in them: what it places then goes with them */
  private readonly movesUnderWay: boolean;
  /** path of each dot, by actor and counter */
  private readonly dots = new Map<string, Map<number, string>>();
  /** node, path and content of what was on a disk, as far as its node knew */
  private readonly had = new Set<string>();
  /** value of each dot that carries one */
  private readonly values = new Map<string, string>();

  constructor(history: History, ledger: Ledger) {
    this.ledger = ledger;
    this.single = history.single;
    this.hasImages = history.ops.some((op) => op.do === 'restore');
    this.movesUnderWay = history.ops.some((op) => op.do === 'move' && op.during !== undefined);
    this.isPowerSafe = history.ops.every((op) => !PAST.has(op.do));
  }

  /** From now on every write of this store of a node is looked at. */
  watch(index: number, node: string, rows: MappingStore): void {
    const put = rows.put.bind(rows);
    rows.put = (next) => {
      const before = rows.get(next.path);
      this.checkRow(next.path, before?.row ?? null, next.row);
      this.checkEdits(index, node, next.path, before?.row ?? null, next.row);
      if (before !== null && before.row !== next.row) this.checkTaken(node, next.path, before.row, next.row);
      if (next.applied !== null && before?.applied !== next.applied) {
        const content = contentOf(next.applied.value);
        this.had.add(`${node} ${next.path} ${content}`).add(`${node} ${content}`);
      }
      put(next);
    };
    const setKnowledge = rows.setKnowledge.bind(rows);
    rows.setKnowledge = (knowledge) => {
      this.checkKnowledge(node, rows, rows.knowledge(), knowledge);
      setKnowledge(knowledge);
    };
  }

  private checkRow(path: string, before: Row | null, next: Row): void {
    if (before?.context !== next.context) this.checkContext(path, before, next);
    if (before?.siblings === next.siblings) return;
    for (const { dot, value } of next.siblings) {
      if ((next.context.get(dot.actor) ?? 0) < dot.counter) {
        throw new InvariantError('I5 merge', `${path}: a version is outside its row's context`);
      }
      const key = `${dot.actor}:${dot.counter}`;
      const shown = describe(value);
      const known = this.values.get(key);
      if (known === undefined) this.values.set(key, shown);
      else if (known !== shown) {
        throw new InvariantError('I11 dot uniqueness', `${path}: ${key} is ${known} and ${shown}`);
      }
    }
    if (this.single && new Set(next.siblings.map(({ value }) => describe(value))).size > 1) {
      throw new InvariantError(
        'I7 no false conflict',
        `${path} has two versions though one node alone writes`,
      );
    }
  }

  /** What a node calls an edit was done by a user of that very node. */
  private checkEdits(index: number, node: string, path: string, before: Row | null, next: Row): void {
    if (!this.isPowerSafe || before?.siblings === next.siblings) return;
    for (const { dot, value } of next.siblings) {
      if (!dot.actor.startsWith(`${node}#`) || (before?.context.get(dot.actor) ?? 0) >= dot.counter) continue;
      const isTrue =
        value.kind === 'absent'
          ? this.ledger.deleted(index, path)
          : value.kind !== 'file' ||
            this.ledger.wroteSha(index, value.sha256) ||
            (this.movesUnderWay && this.had.has(`${node} ${value.sha256}`));
      if (isTrue) continue;
      throw new InvariantError('I4 no resurrection', `${node} invents ${describe(value)} at ${path}`);
    }
  }

  /** A node takes a version away by a dot of its own only when it had that version on its disk. */
  private checkTaken(node: string, path: string, before: Row, next: Row): void {
    const isOwn = ([actor, counter]: readonly [string, number]): boolean =>
      actor.startsWith(`${node}#`) && (before.context as ReadonlyMap<string, number>).get(actor) !== counter;
    // What a store that went back had once done comes to it from its peers.
    if (!this.isPowerSafe || ![...next.context].some(isOwn)) return;
    for (const { dot, value } of before.siblings) {
      if (next.siblings.some((one) => one.dot.actor === dot.actor && one.dot.counter === dot.counter))
        continue;
      if (value.kind === 'absent' || value.kind === 'dir') continue;
      if (this.had.has(`${node} ${path} ${contentOf(value)}`)) continue;
      throw new InvariantError(
        'I3 no lost update',
        `${node} takes ${describe(value)} from ${path}, which it never had`,
      );
    }
  }

  private checkContext(path: string, before: Row | null, next: Row): void {
    for (const [actor, counter] of before?.context ?? []) {
      if ((next.context.get(actor) ?? 0) >= counter) continue;
      throw new InvariantError('I14 monotone knowledge', `${path} forgets ${actor}:${counter}`);
    }
    for (const [actor, counter] of next.context) {
      let counters = this.dots.get(actor);
      if (counters === undefined) this.dots.set(actor, (counters = new Map<number, string>()));
      const known = counters.get(counter);
      if (known === undefined) counters.set(counter, path);
      else if (known !== path) {
        throw new InvariantError('I11 dot uniqueness', `${actor}:${counter} is at ${known} and at ${path}`);
      }
    }
  }

  private checkKnowledge(
    node: string,
    rows: MappingStore,
    before: ReadonlyMap<string, number>,
    next: ReadonlyMap<string, number>,
  ): void {
    for (const [actor, counter] of next) {
      const from = before.get(actor) ?? 0;
      if (counter <= from) continue;
      // A store that went back does not know yet what it lacks of its own, and may have told others so.
      if (this.hasImages || (!this.isPowerSafe && actor.startsWith(`${node}#`))) continue;
      for (const [dot, path] of this.dots.get(actor) ?? []) {
        if (dot <= from || dot > counter) continue;
        const held =
          (rows.get(path as never)?.row.context as ReadonlyMap<string, number> | undefined)?.get(actor) ?? 0;
        if (held >= dot) continue;
        throw new InvariantError(
          'I14 monotone knowledge',
          `claims ${actor}:${counter} without ${path} ${dot}`,
        );
      }
    }
  }
}

function contentOf(value: Value): string {
  return value.kind === 'file' ? value.sha256 : value.kind === 'symlink' ? `to ${value.target}` : value.kind;
}

/** A value as text, by nothing but its fields. */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'file':
      return `file ${value.sha256.slice(0, 12)} ${value.size} ${value.mode.toString(8)} ${value.owner} ${value.mtimeNs}`;
    case 'symlink':
      return `symlink ${value.target} ${value.owner} ${value.mtimeNs}`;
    case 'fifo':
      return `fifo ${value.mode.toString(8)} ${value.owner} ${value.mtimeNs}`;
    case 'dir':
      return `dir ${value.mode.toString(8)} ${value.owner}`;
    case 'absent':
      return 'absent';
  }
}
