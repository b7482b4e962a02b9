/** Runs one history on a simulated cluster and judges it. */
import type { NodeId } from '../../../src/backends/engine/core/types.ts';
import { Ledger } from './ledger.ts';
import { isEdit, type History, type Op } from './history.ts';
import type { Sabotage } from './hooks.ts';
import { judge, judgeAck, judgeSilence, onlyWaits, sameTables } from './invariants.ts';
import { SimNet } from './net.ts';
import { SimNode } from './node.ts';
import { InvariantError, Observer } from './observer.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { BYTES_LOST, count, Trace, type Counters, type Packet, type World } from './world.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
/** 2025-01-01 */
const START = 1_735_689_600_000;
const HOUR = 3_600_000;
/** A cluster that is not at rest so long after everything was mended never will be. */
const PATIENCE = 3 * HOUR;

export interface RunOptions {
  readonly sabotage?: Sabotage;
  /** keep the trace as text */
  readonly readable?: boolean;
  /** how long the silence afterwards is watched, ms of virtual time */
  readonly silenceMs?: number;
}

export interface RunResult {
  /** null when every invariant held */
  readonly error: Error | null;
  readonly trace: Trace;
  readonly counters: Counters;
  readonly nodes: readonly SimNode[];
}

export function run(history: History, options: RunOptions = {}): RunResult {
  const random = new Random(history.seed, 2);
  const scheduler = new Scheduler(random, START);
  const ledger = new Ledger(history.ops.some((op) => op.do === 'link'));
  const world: World = {
    history,
    names: NAMES.slice(0, history.nodes),
    scheduler,
    random,
    net: new SimNet<Packet>(scheduler, random, { minDelay: 1, maxDelay: 40, reconnectMs: 500 }),
    observer: new Observer(history, ledger),
    ledger,
    counters: new Map(),
    sabotage: options.sabotage ?? {},
    trace: new Trace(options.readable ?? false),
    checkAck: (from, to, ack) => {
      const [by, of] = [from, to].map((name) => nodes.find((node) => node.name === name));
      if (by !== undefined && of !== undefined && !hasImages) judgeAck(by, of, ack);
    },
  };
  const hasImages = history.ops.some((op) => op.do === 'restore');
  const nodes: readonly SimNode[] = world.names.map((_, index) => new SimNode(world, index));
  let error: Error | null = null;
  try {
    for (const node of nodes) node.boot();
    scheduler.runUntil(START + 2000);
    for (const op of history.ops) {
      scheduler.runUntil(scheduler.now() + op.after);
      world.trace.add(scheduler.now(), world.names[op.node] ?? '', JSON.stringify(op));
      perform(world, nodes, op);
    }
    if (settle(world, nodes)) {
      judge(world, nodes);
      judgeSilence(world, nodes, options.silenceMs ?? 2 * HOUR);
    }
  } catch (caught) {
    error = caught instanceof Error ? caught : new Error(String(caught));
  }
  for (const node of nodes) node.tally();
  return { error, trace: world.trace, counters: world.counters, nodes };
}

function perform(world: World, nodes: readonly SimNode[], op: Op): void {
  const node = nodes[op.node];
  if (node === undefined) return;
  const near = op.near === true && 'path' in op ? (op.path.split('/').at(-1) ?? null) : null;
  const moment = { calls: op.during ?? 0, call: op.call ?? null, name: near };
  if (isEdit(op)) return node.interference.arm(moment, () => node.edit(op));
  switch (op.do) {
    case 'scan':
      return node.process?.fullScan();
    case 'deaf':
      return node.deafen(op.events);
    case 'partition':
    case 'cut': {
      const peer = world.names[op.peer];
      if (peer === undefined || peer === node.name) return;
      return op.do === 'cut' ? world.net.cut(node.name, peer) : world.net.partition(node.name, peer);
    }
    case 'cut-all':
      for (const peer of world.names) if (peer !== node.name) world.net.partition(node.name, peer);
      return;
    case 'heal':
      return world.net.healAll();
    case 'kill':
    case 'power':
      return node.interference.arm(moment, () => node.stop(op.do));
    case 'image':
      return node.takeImage();
    case 'restore':
      return node.restoreImage();
    case 'wipe':
      return node.wipe();
    case 'restart':
      return node.boot();
    case 'pause':
      return node.process?.pause();
    case 'resume':
      return node.process?.resume();
    case 'approve':
      return node.decide('approved');
    case 'reject':
      return node.decide('rejected');
    case 'skew':
      return node.skew(op.ms);
    case 'full':
      return node.fill();
    case 'room':
    case 'mend':
      return node.mend();
    case 'break':
      return node.interference.breakPath(op.path, op.of);
  }
}

/**
 * What a machine that was put back told of its knowledge before anybody could notice made others call known what they do
 * not have. The hourly comparison of fingerprints finds that, and lets the two tell each other everything.
 */
function heal(world: World, nodes: readonly SimNode[]): void {
  count(world, 'healed');
  for (const node of nodes) {
    for (const peer of world.names) if (peer !== node.name) node.process?.replica.exchangeAll(peer as NodeId);
    node.process?.wake();
  }
}

/**
 * Everything is mended, everybody is up and connected, and every disk is looked at; then the cluster comes to rest. False
 * when it rightly does not: a power cut took the only copy of what a user had just written, and the others wait for it.
 */
function settle(world: World, nodes: readonly SimNode[]): boolean {
  const { scheduler, net } = world;
  for (const node of nodes) node.disarm();
  for (const node of nodes) node.mend();
  net.healAll();
  for (const node of nodes) {
    node.boot();
    if (node.process === null)
      throw new InvariantError('I16 no stop', `${node.name} does not start: ${node.problem}`);
    node.process.resume();
  }
  const until = scheduler.now() + PATIENCE;
  // What is held waits for a person, however long that takes.
  const approve = (): void => {
    for (const node of nodes) node.decide('approved');
    scheduler.after(60_000, approve, true);
  };
  if (world.history.guarded === true) approve();
  scheduler.runUntil(scheduler.now() + 1000);
  for (let round = 0; round < 4; round++) {
    for (const node of nodes) node.decide('approved');
    for (const node of nodes) node.process?.fullScan();
    if (scheduler.settle(until)) {
      if (world.history.ops.some((op) => op.do === 'restore') && !sameTables(nodes)) heal(world, nodes);
      continue;
    }
    if (world.counters.has(BYTES_LOST) && onlyWaits(nodes)) return false;
    // A node that only receives may try for ever what its own files stand in the way of; it must not talk of it.
    if (world.history.receivers > 0) {
      const between = scheduler.now() + 60_000;
      while (nodes.some((node) => node.changing().length > 0) && scheduler.now() < between)
        scheduler.runUntil(scheduler.now() + 1);
      return !world.counters.has(BYTES_LOST);
    }
    throw new InvariantError('I1 convergence', 'does not come to rest');
  }
  return true;
}
