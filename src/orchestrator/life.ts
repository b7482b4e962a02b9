/**
 * A mapping's life, as a pure state machine: what happened goes in, the next state and what must be done come out.
 * `table` has a cell for every state and event; one that is missing does not compile.
 *
 * What must hold:
 * - nothing is looked at before the watcher covers the tree (a change during the look would be missed);
 * - nothing is judged as deleted while the root is lost or the mapping is paused;
 * - after any doubt (suspicion, failure, pause, loss) the whole tree is compared before the mapping is live again;
 * - only a look at the whole tree ends a hold: a batch that found nothing to hold says nothing about the rest.
 */
import type { HoldReason } from '../backends/backend.ts';
import type { Failure } from './failures.ts';

export type Life =
  /** the watcher does not cover the tree yet */
  | { readonly kind: 'starting' }
  /** waiting for its root */
  | { readonly kind: 'missing'; readonly reason: HoldReason }
  /**
   * a look at the whole tree is due or under way; `again` = something came up that it may have missed; `failure`: of the
   * last look, until one comes to its end
   */
  | {
      readonly kind: 'scanning';
      readonly again: boolean;
      readonly held: HoldReason | null;
      readonly failure: Failure | null;
    }
  | { readonly kind: 'live' }
  /** the backend keeps back what it found until a person decides; other changes go on */
  | { readonly kind: 'held'; readonly reason: HoldReason }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** by a person; `root` remembers what the watcher said last */
  | { readonly kind: 'paused'; readonly root: 'unknown' | 'covered'; readonly lost: HoldReason | null };

export type LifeEvent =
  | { readonly kind: 'covered' }
  | { readonly kind: 'root-lost'; readonly reason: HoldReason }
  /** look at everything: suspicion, rescan, retry, a person's wish or decision */
  | { readonly kind: 'look' }
  /** a look at the whole tree came to its end */
  | { readonly kind: 'scanned'; readonly held: HoldReason | null }
  /** a batch was looked at */
  | { readonly kind: 'taken'; readonly held: HoldReason | null }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' };

export type Effect =
  /** attach the mapping if it is not, then compare the whole tree */
  | { readonly kind: 'scan' }
  /** give up what is being looked at and forget what was to be looked at: a whole look follows later */
  | { readonly kind: 'abandon' }
  | { readonly kind: 'detach'; readonly reason: HoldReason }
  | { readonly kind: 'retry-later' }
  | { readonly kind: 'fatal'; readonly failure: Failure };

export interface Step {
  readonly next: Life;
  readonly effects: readonly Effect[];
}

export const born: Life = { kind: 'starting' };

/** The next state, and what must be done, in order. */
export function step(life: Life, event: LifeEvent): Step {
  const cell = table[life.kind][event.kind] as (life: Life, event: LifeEvent) => Step;
  return cell(life, event);
}

/** Whether hints are of use: in every other state a look at the whole tree comes later anyway. */
export function takesHints(life: Life): boolean {
  return life.kind === 'live' || life.kind === 'held' || life.kind === 'scanning';
}

type State<K extends Life['kind']> = Extract<Life, { kind: K }>;
type Event<K extends LifeEvent['kind']> = Extract<LifeEvent, { kind: K }>;
type Table = {
  readonly [S in Life['kind']]: {
    readonly [E in LifeEvent['kind']]: (life: State<S>, event: Event<E>) => Step;
  };
};

const stay = (life: Life): Step => ({ next: life, effects: [] });

const scan = (held: HoldReason | null, failure: Failure | null = null): Step => ({
  next: { kind: 'scanning', again: false, held, failure },
  effects: [{ kind: 'scan' }],
});

const scanAnew = (): Step => scan(null);

const lose = (_: Life, event: Event<'root-lost'>): Step => ({
  next: { kind: 'missing', reason: event.reason },
  effects: [{ kind: 'abandon' }, { kind: 'detach', reason: event.reason }],
});

const fail = (_: Life, { failure }: Event<'failed'>): Step => ({
  next: { kind: 'failed', failure },
  effects: [
    { kind: 'abandon' },
    ...(failure.disposition === 'retry' ? [{ kind: 'retry-later' } as const] : []),
    ...(failure.disposition === 'fatal' ? [{ kind: 'fatal', failure } as const] : []),
  ],
});

// Nothing is looked at in these states; what was abandoned may still fail, and only the worst of it matters.
const failIfFatal = (life: Life, event: Event<'failed'>): Step =>
  event.failure.disposition === 'fatal' ? fail(life, event) : stay(life);

const pause = (life: Life): Step => ({
  next: {
    kind: 'paused',
    root: life.kind === 'starting' || life.kind === 'missing' ? 'unknown' : 'covered',
    lost: life.kind === 'missing' ? life.reason : null,
  },
  effects: [{ kind: 'abandon' }],
});

const settle = (held: HoldReason | null): Step =>
  stay(held === null ? { kind: 'live' } : { kind: 'held', reason: held });

const table: Table = {
  starting: {
    covered: scanAnew,
    'root-lost': lose,
    look: stay,
    scanned: stay,
    taken: stay,
    failed: failIfFatal,
    pause,
    resume: stay,
  },
  missing: {
    covered: scanAnew,
    'root-lost': (_, event) => stay({ kind: 'missing', reason: event.reason }),
    look: stay,
    scanned: stay,
    taken: stay,
    failed: failIfFatal,
    pause,
    resume: stay,
  },
  scanning: {
    // Covered again while scanning: a new watch host took over, and what changed in between may be behind the scan.
    covered: (life) => stay({ ...life, again: true }),
    'root-lost': lose,
    look: (life) => stay({ ...life, again: true }),
    scanned: (life, event) => (life.again ? scan(event.held) : settle(event.held)),
    taken: (life, event) => stay({ ...life, held: event.held ?? life.held }),
    failed: fail,
    pause,
    resume: stay,
  },
  live: {
    covered: scanAnew,
    'root-lost': lose,
    look: scanAnew,
    scanned: stay,
    taken: (_, event) => settle(event.held),
    failed: fail,
    pause,
    resume: stay,
  },
  held: {
    covered: (life) => scan(life.reason),
    'root-lost': lose,
    look: (life) => scan(life.reason),
    scanned: stay,
    taken: (life, event) => stay({ kind: 'held', reason: event.held ?? life.reason }),
    failed: fail,
    pause,
    resume: stay,
  },
  failed: {
    covered: (life) => scan(null, life.failure),
    'root-lost': lose,
    look: (life) => scan(null, life.failure),
    scanned: stay,
    taken: stay,
    failed: fail,
    pause,
    resume: stay,
  },
  paused: {
    covered: (life) => stay({ ...life, root: 'covered', lost: null }),
    'root-lost': (_, event) => ({
      next: { kind: 'paused', root: 'unknown', lost: event.reason },
      effects: [{ kind: 'detach', reason: event.reason }],
    }),
    look: stay,
    scanned: stay,
    taken: stay,
    failed: failIfFatal,
    pause: stay,
    resume: (life) => {
      if (life.root === 'covered') return scanAnew();
      return stay(life.lost === null ? { kind: 'starting' } : { kind: 'missing', reason: life.lost });
    },
  },
};
