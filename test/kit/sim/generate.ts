/** Random histories over tiny alphabets, so that the same things happen to the same paths at the same time. */
import type { Policy } from '../../../src/backends/engine/core/types.ts';
import type { Edit, History, Mishap, Op } from './history.ts';
import { Random } from './random.ts';

/** Where things happen: all over a small tree, or again and again to one file. */
const WIDE = { a: 8, b: 3, 'a/a': 4, 'a/b': 3, 'b/a': 2, 'a/b/a': 2, c: 1, 'a/a/a': 1 } as const;
const NARROW = { a: 8, b: 1, 'a/a': 1 } as const;
type Paths = typeof WIDE | typeof NARROW;
const TEXTS = ['', 'x', 'yy'] as const;
/** s since 1970 */
const TIMES = [1_000_000_000, 1_000_000_001, 2_000_000_000] as const;

const EDITS: Readonly<Record<Edit['do'], number>> = {
  write: 24,
  replace: 12,
  append: 5,
  truncate: 2,
  remove: 12,
  mkdir: 8,
  rmdir: 3,
  rmtree: 6,
  move: 8,
  copy: 4,
  link: 1,
  symlink: 5,
  mkfifo: 1,
  chmod: 4,
  touch: 4,
  hold: 2,
  late: 3,
};

const MISHAPS: Readonly<Record<Mishap['do'], number>> = {
  scan: 10,
  deaf: 4,
  partition: 10,
  heal: 6,
  cut: 5,
  'cut-all': 2,
  kill: 8,
  power: 3,
  restart: 9,
  skew: 3,
  full: 2,
  room: 3,
  break: 2,
  mend: 3,
  image: 2,
  restore: 2,
  wipe: 1,
  pause: 3,
  resume: 4,
  approve: 1,
  reject: 1,
};

const POLICIES: readonly Policy[] = [
  'younger',
  'none',
  'first',
  'older',
  'bigger',
  'smaller',
  'left',
  'right',
  'keep-both',
];

/** After these one writer's changes can be concurrent with his own. */
const FORGETFUL: ReadonlySet<string> = new Set<Mishap['do']>(['power', 'restore', 'wipe', 'reject']);

/** A seed of 1,xxx,xxx is a history of two nodes, 2,xxx,xxx of three, any other of four or five. */
export function sizeOf(seed: number): 'pair' | 'triple' | 'mesh' {
  const millions = Math.floor(seed / 1_000_000);
  return millions === 1 ? 'pair' : millions === 2 ? 'triple' : 'mesh';
}

export function generate(seed: number): History {
  const random = new Random(seed, 1);
  const nodes = nodesOf(seed, random);
  const calm = random.chance(0.3);
  const single = random.chance(0.08);
  const dense = random.chance(0.5);
  const isNarrow = random.chance(0.3);
  const guarded = random.chance(0.3);
  const paths = isNarrow ? NARROW : WIDE;
  const ops: Op[] = [];
  const count = 2 + random.int(Number(random.weighted({ 6: 4, 14: 4, 30: 1 })));
  for (let i = 0; i < count; i++) {
    const after = random.chance(dense ? 0.7 : 0.3) ? random.int(30) : random.int(3000);
    const mishap = random.chance(calm ? 0.05 : 0.3);
    if (mishap) {
      const act = anyMishap(random, nodes, paths);
      if (single && FORGETFUL.has(act.do)) continue;
      const op: Op = { after, node: random.int(nodes), ...act };
      ops.push(
        (act.do === 'kill' || act.do === 'power') && random.chance(0.8)
          ? { ...op, ...anyMoment(random) }
          : op,
      );
      continue;
    }
    const op: Op = { after, node: single ? 0 : random.int(nodes), ...anyEdit(random, i, paths) };
    ops.push(
      random.chance(isNarrow ? 0.5 : 0.3)
        ? { ...op, ...(random.chance(0.5) ? nearMoment(random) : anyMoment(random)) }
        : op,
    );
    if (guarded && (op.do === 'remove' || op.do === 'rmtree') && random.chance(0.3))
      ops.push({
        after: random.int(3000),
        node: op.node,
        do: !single && random.chance(0.5) ? 'reject' : 'approve',
      });
  }
  if (!single && random.chance(0.06)) putBack(random, ops, nodes);
  return {
    seed,
    nodes,
    receivers: !single && random.chance(0.1) ? 1 : 0,
    policy: random.pick(POLICIES),
    tickMs: random.pick([0, 0, 4, 1000]),
    durability: random.pick(['strict', 'relaxed'] as const),
    inline: random.chance(0.6),
    guarded,
    single,
    ops,
  };
}

const CALLS = [
  'rename',
  'link',
  'openFile',
  'unlink',
  'fstat',
  'lstat',
  'read',
  'fsync',
  'createFile',
  'listStat',
  'mkdir',
] as const;

/** What a race needs: between the engine's looks at the very file and its work on it. */
function nearMoment(random: Random): { during: number; call: string; near: true } {
  return {
    during: 1 + random.int(2),
    call: random.pick(['link', 'link', 'rename', 'openFile', 'lstat']),
    near: true,
  };
}

/** Somewhere in the engine's work on that node: at any system call, or at those where names change. */
function anyMoment(random: Random): { during: number; call?: string } {
  if (random.chance(0.4)) return { during: 1 + random.int(60) };
  return { during: 1 + random.int(3), call: random.pick(CALLS) };
}

function nodesOf(seed: number, random: Random): number {
  const size = sizeOf(seed);
  return size === 'pair' ? 2 : size === 'triple' ? 3 : 4 + Number(random.chance(0.3));
}

function anyEdit(random: Random, index: number, paths: Paths): Edit {
  const act = random.weighted(EDITS);
  const path = anyPath(random, paths);
  switch (act) {
    case 'write':
    case 'append':
      return { do: act, path, text: anyText(random, index) };
    case 'replace':
      return {
        do: act,
        path,
        text: anyText(random, index),
        time: random.chance(0.4) ? random.pick(TIMES) : null,
      };
    case 'symlink':
      return { do: act, path, text: random.chance(0.5) ? random.pick(['a', 'b', 'a/b']) : `s${index}` };
    case 'mkdir':
    case 'chmod':
      return { do: act, path, mode: random.pick([0o755, 0o700, 0o644]) };
    case 'touch':
      return { do: act, path, time: random.pick(TIMES) };
    case 'move':
    case 'copy':
    case 'link':
      return { do: act, path, to: anyPath(random, paths) };
    case 'late':
      return { do: act, text: anyText(random, index) };
    default:
      return { do: act, path };
  }
}

function anyMishap(random: Random, nodes: number, paths: Paths): Mishap {
  const act = random.weighted(MISHAPS);
  switch (act) {
    case 'deaf':
      return { do: act, events: 1 + random.int(5) };
    case 'partition':
    case 'cut':
      return { do: act, peer: random.int(nodes) };
    case 'skew':
      return { do: act, ms: random.pick([-5000, -10, 10, 5000, 3_600_000, -3_600_000]) };
    case 'break':
      return {
        do: act,
        path: anyPath(random, paths),
        of: random.pick([null, 'list', 'read', 'lstat']),
      };
    default:
      return { do: act };
  }
}

/** A machine is put back to an image of itself from earlier. */
function putBack(random: Random, ops: Op[], nodes: number): void {
  const node = random.int(nodes);
  const taken = random.int(ops.length);
  const after = random.int(3000);
  ops.splice(taken, 0, { after, node, do: 'image' });
  const back = taken + 1 + random.int(ops.length - taken);
  ops.splice(back, 0, { after, node, do: 'restore' }, { after: random.int(3000), node, do: 'restart' });
}

function anyPath(random: Random, paths: Paths): string {
  return random.weighted<string>(paths);
}

/** Mostly a content that nobody else ever writes: it can be found again. */
function anyText(random: Random, index: number): string {
  return random.chance(0.6) ? `w${index}${'.'.repeat(random.int(3))}` : random.pick(TEXTS);
}
