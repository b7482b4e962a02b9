/**
 * The simulator judged: each deliberate fault of the product must break an invariant within so many histories. What it
 * does not notice here, it would not notice in the product either.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe } from '../../../../src/backends/engine/core/observe.ts';
import { join } from '../../../../src/backends/engine/core/row.ts';
import { wanted } from '../../../../src/backends/engine/core/tree.ts';
import type { Actor, Dot, Sibling } from '../../../../src/backends/engine/core/types.ts';
import { ABSENT } from '../../../../src/backends/engine/core/value.ts';
import { compareDots, merge, nodeOf } from '../../../../src/backends/engine/core/vector.ts';
import { RULES } from '../../../../src/backends/engine/sync/shared.ts';
import { SysError } from '../../../../src/sys/sys.ts';
import { run } from '../../../kit/sim/cluster.ts';
import { generate } from '../../../kit/sim/generate.ts';
import type { Sabotage } from '../../../kit/sim/hooks.ts';

/** Histories that a fault may take to be noticed. */
const AT_MOST = 6000;

const BROKEN: Readonly<Record<string, Sabotage>> = {
  'on a conflict one version is kept, with both histories': {
    rules: {
      join: (a, b) => {
        const joined = join(a, b);
        const [winner] = joined.siblings.toSorted((one, two) => compareDots(two.dot, one.dot));
        return winner === undefined || joined.siblings.length === 1
          ? joined
          : { ...joined, siblings: [winner] };
      },
    },
  },
  'a local edit takes the place of all versions, seen or not': {
    rules: {
      observe: (row, applied, found, nextDot) => {
        const observed = observe(row, applied, found, nextDot);
        if (observed.kind !== 'edited') return observed;
        const siblings = observed.row.siblings.filter(({ dot }) => observed.dots.includes(dot));
        return { ...observed, row: { ...observed.row, siblings } };
      },
    },
  },
  'a local edit takes no version away': {
    rules: {
      observe: (row, applied, found, nextDot) =>
        observe(row, applied === null ? null : { ...applied, dots: [] }, found, nextDot),
    },
  },
  'a deletion leaves no tombstone': {
    rules: {
      observe: (row, applied, found, nextDot) =>
        found.kind === 'absent'
          ? { kind: 'adopted', value: ABSENT, dots: [] }
          : observe(row, applied, found, nextDot),
    },
  },
  'a counter comes twice': {
    rules: {
      observe: (row, applied, found, nextDot) => {
        const twice = (): Dot => {
          const { actor, counter } = nextDot();
          return { actor, counter: counter - (counter % 64) };
        };
        return observe(row, applied, found, twice);
      },
    },
  },
  'own work on the disk counts as an edit': {
    rules: {
      observe: (row, applied, found, nextDot) => {
        const dot = nextDot();
        return {
          kind: 'edited',
          row: RULES.edit(row, applied?.dots ?? [], dot, found),
          value: found,
          dots: [dot],
        };
      },
    },
  },
  'a loser is retired by who never kept it': {
    rules: {
      retirable: (row, _before, now) =>
        row.siblings
          .map(({ dot }) => dot)
          .filter((dot) => !now.dots.some((shown) => shown.counter === dot.counter)),
    },
  },
  'a retirement has no dot': {
    rules: { retire: (row, losers, dot) => ({ ...RULES.retire(row, losers, dot), context: row.context }) },
  },
  'each node prefers its own version': {
    rules: {
      wanted: (row, liveChildren, context) => {
        const { node } = context as unknown as { readonly node: string };
        const isOwn = ({ dot }: Sibling): boolean => nodeOf(dot.actor) === node;
        const own = row.siblings.filter(isOwn);
        return wanted(own.length > 0 ? { ...row, siblings: own } : row, liveChildren, context);
      },
    },
  },
  'the version that came last is shown': {
    rules: {
      join: (a, b) => ({ ...join(a, b), siblings: [...join(a, b).siblings].reverse() }),
      wanted: firstShown,
    },
  },
  'a live child does not revive its directory': {
    rules: { wanted: (row, _liveChildren, context) => wanted(row, 0, context) },
  },
  'everything that a message of rows mentions counts as known': {
    receive: (message) => {
      if (message.kind !== 'rows') return [message];
      let knowledge: ReadonlyMap<Actor, number> = new Map();
      for (const { row } of message.rows) knowledge = merge(knowledge, row.context);
      const { group, mapping, last } = message;
      return [message, { kind: 'mark', group, mapping, seq: last, knowledge }];
    },
  },
  'nothing is looked at before it is replaced': {
    changes: (change, there) => ({ ...change, expected: there(change.path) }),
  },
  'what is replaced is not kept': {
    changes: (change) => ({ ...change, backupId: null }),
  },
  'what cannot be read is not there': {
    sys: (sys) => {
      const list = sys.list.bind(sys);
      const listStat = sys.listStat.bind(sys);
      const lstat = sys.lstat.bind(sys);
      const openDir = sys.openDir.bind(sys);
      sys.list = (dir) =>
        onEio(
          () => list(dir),
          () => [],
        );
      sys.listStat = (dir) =>
        onEio(
          () => listStat(dir),
          () => [],
        );
      sys.lstat = (dir, name) =>
        onEio(
          () => lstat(dir, name),
          () => null,
        );
      sys.openDir = (at, path) =>
        onEio(
          () => openDir(at, path),
          () => {
            throw new SysError('ENOENT', 'openDir', path);
          },
        );
    },
  },
  'no deletion is ever held': {
    rules: { mostDeletions: () => Infinity },
  },
  'an approval is forgotten': {
    decide: (decision) => (decision === 'approved' ? [] : [decision]),
  },
  'a rejection counts as an approval': {
    decide: () => ['approved'],
  },
  'an approval counts as a rejection': {
    decide: () => ['rejected'],
  },
  'nothing is flushed': {
    sys: (sys) => {
      sys.fsync = () => undefined;
      sys.syncfs = () => undefined;
    },
  },
};

function onEio<T>(body: () => T, instead: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof SysError && error.code === 'EIO') return instead();
    throw error;
  }
}

function firstShown(...[row, liveChildren, context]: Parameters<typeof wanted>): ReturnType<typeof wanted> {
  return wanted({ ...row, siblings: row.siblings.slice(0, 1) }, liveChildren, context);
}

for (const [title, sabotage] of Object.entries(BROKEN)) {
  test(`is noticed: ${title}`, (context) => {
    for (let index = 0; index < AT_MOST; index++) {
      const seed = (1 + (index % 3)) * 1_000_000 + Math.floor(index / 3);
      const { error } = run(generate(seed), { sabotage });
      if (error === null) continue;
      context.diagnostic(`${index + 1} histories: ${error.message}`);
      return;
    }
    assert.fail(`${AT_MOST} histories did not notice it`);
  });
}
