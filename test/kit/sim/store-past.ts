/** What a store held a moment ago: a power cut may take its last transactions, as SQLite's write-ahead log allows. */
import { MemoryStore } from '../../../src/backends/engine/store/memory.ts';
import type { MappingStore } from '../../../src/backends/engine/store/store.ts';
import { GROUP, MAPPING } from './machine.ts';
import type { Random } from './random.ts';

const KEPT = 12;
const FLUSHED_MS = 30_000;
const KEYS = ['dots.counter', 'dots.epoch', 'table_id'];

export class StorePast {
  private readonly peers: readonly string[];
  private states: { readonly at: number; readonly store: MemoryStore }[] = [];

  constructor(peers: readonly string[]) {
    this.peers = peers;
  }

  /** Remembers the state after each transaction of this store from now on. */
  follow(store: MemoryStore, now: () => number): void {
    this.states = [];
    let depth = 0;
    const transaction = store.transaction.bind(store);
    store.transaction = (body) => {
      depth++;
      try {
        return transaction(body);
      } finally {
        depth--;
        if (depth === 0) this.remember(store, now());
      }
    };
    this.remember(store, now());
  }

  /** Puts into `empty` what is left after a power cut: the last state, or any of the last seconds. */
  recall(empty: MemoryStore, random: Random, now: number): MemoryStore {
    const possible = this.states.filter((_, index) => {
      const next = this.states[index + 1];
      return next === undefined || now - next.at < FLUSHED_MS;
    });
    const { store } = random.pick(random.chance(0.5) ? possible.slice(-1) : possible);
    return copyStore(store, empty, this.peers);
  }

  private remember(store: MemoryStore, at: number): void {
    this.states.push({ at, store: copyStore(store, new MemoryStore(() => ''), this.peers) });
    if (this.states.length > KEPT) this.states.shift();
  }
}

/** Puts everything of one store into another, empty one. */
export function copyStore(from: MemoryStore, to: MemoryStore, peers: readonly string[]): MemoryStore {
  for (const key of KEYS) {
    const value = from.get(key);
    if (value !== null) to.set(key, value);
  }
  copyMapping(from.mapping(GROUP, MAPPING), to.mapping(GROUP, MAPPING), peers);
  return to;
}

function copyMapping(from: MappingStore, to: MappingStore, peers: readonly string[]): void {
  for (const row of from.page(null, Infinity)) to.put(row);
  while (to.lastSeq() < from.lastSeq()) to.nextSeq();
  for (const peer of peers) {
    const progress = from.progress(peer);
    if (progress !== null) to.setProgress(peer, progress);
  }
  to.setKnowledge(from.knowledge());
  to.addIntents(0, from.intents());
  for (const backup of from.backups(null)) to.addBackup(backup);
}
