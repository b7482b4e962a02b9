/** Makes a failing history small: fewer operations (ddmin; Zeller and Hildebrandt, 2002), then simpler circumstances. */
import type { History, Op } from './history.ts';

/** `fails` tells whether a history still shows the fault. Runs it at most `budget` times. */
export function shrink(history: History, fails: (candidate: History) => boolean, budget = 2000): History {
  let left = budget;
  const stillFails = (candidate: History): boolean => left-- > 0 && fails(candidate);
  let small = history;
  for (;;) {
    const before = small.ops.length;
    small = { ...small, ops: fewer(small.ops, (ops) => stillFails({ ...small, ops })) };
    for (const simpler of simplifications(small)) if (stillFails(simpler)) small = simpler;
    small = simplifyOps(small, stillFails);
    if (small.ops.length === before || left <= 0) break;
  }
  return small;
}

function fewer(ops: readonly Op[], fails: (ops: readonly Op[]) => boolean): readonly Op[] {
  let current = ops;
  for (let size = Math.ceil(ops.length / 2); size >= 1;) {
    let removed = false;
    for (let at = 0; at < current.length;) {
      const candidate = [...current.slice(0, at), ...current.slice(at + size)];
      if (fails(candidate)) {
        current = candidate;
        removed = true;
      } else at += size;
    }
    if (size === 1 && !removed) break;
    if (!removed || size > current.length) size = Math.max(1, Math.floor(size / 2));
  }
  return current;
}

function simplifications(history: History): History[] {
  const used = Math.max(0, ...history.ops.map((op) => Math.max(op.node, 'peer' in op ? op.peer : 0))) + 1;
  const candidates: History[] = [
    { ...history, nodes: Math.max(2, used) },
    { ...history, nodes: 2 },
    { ...history, tickMs: 0 },
    { ...history, inline: true },
    { ...history, policy: 'younger' },
    { ...history, durability: 'strict' },
  ];
  return candidates.filter((candidate) => JSON.stringify(candidate) !== JSON.stringify(history));
}

function simplifyOps(history: History, fails: (candidate: History) => boolean): History {
  let small = history;
  for (let index = 0; index < small.ops.length; index++) {
    for (const simpler of simplerOps(small.ops[index])) {
      const candidate = { ...small, ops: small.ops.with(index, simpler) };
      if (fails(candidate)) small = candidate;
    }
  }
  return small;
}

function simplerOps(op: Op | undefined): Op[] {
  if (op === undefined) return [];
  const simpler: Op[] = [];
  if (op.during !== undefined) {
    const { during: _, call: __, near: ___, ...atOnce } = op;
    simpler.push(atOnce);
  }
  if (op.after !== 0 && op.after !== 2000) simpler.push({ ...op, after: 0 }, { ...op, after: 2000 });
  if (op.do === 'write' && op.path.includes('/')) simpler.push({ ...op, path: 'a' });
  return simpler;
}
