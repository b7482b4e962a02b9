import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { HoldReason } from '../../src/backends/backend.ts';
import type { Failure } from '../../src/orchestrator/failures.ts';
import { born, step, takesHints, type Life, type LifeEvent } from '../../src/orchestrator/life.ts';

const reason: HoldReason = { code: 'c', message: 'm', hint: 'h' };
const failing = (disposition: Failure['disposition']): LifeEvent => ({
  kind: 'failed',
  failure: { disposition, reason },
});
const covered: LifeEvent = { kind: 'covered' };
const lost: LifeEvent = { kind: 'root-lost', reason };
const look: LifeEvent = { kind: 'look' };
const scanned: LifeEvent = { kind: 'scanned', held: null };
const scannedHeld: LifeEvent = { kind: 'scanned', held: reason };
const taken: LifeEvent = { kind: 'taken', held: null };
const takenHeld: LifeEvent = { kind: 'taken', held: reason };
const pause: LifeEvent = { kind: 'pause' };
const resume: LifeEvent = { kind: 'resume' };

/** Plays events from birth on; returns the last state's name and all effects' names. */
function play(...events: LifeEvent[]): { readonly life: Life; readonly effects: string[] } {
  let life = born;
  const effects: string[] = [];
  for (const event of events) {
    const { next, effects: more } = step(life, event);
    life = next;
    effects.push(...more.map(({ kind }) => kind));
  }
  return { life, effects };
}

describe("a mapping's life", () => {
  const rows: [string, LifeEvent[], Life['kind'], string[]][] = [
    ['is looked at once its root is covered', [covered], 'scanning', ['scan']],
    ['is live after the look', [covered, scanned], 'live', ['scan']],
    ['is held when the look found too much gone', [covered, scannedHeld], 'held', ['scan']],
    ['is held when a batch found too much gone', [covered, scanned, takenHeld], 'held', ['scan']],
    ['stays held after a batch that holds nothing', [covered, scannedHeld, taken], 'held', ['scan']],
    [
      'is live when a whole look holds nothing more',
      [covered, scannedHeld, look, scanned],
      'live',
      ['scan', 'scan'],
    ],
    ['is missing without its root', [lost], 'missing', ['abandon', 'detach']],
    [
      'judges nothing while its root is missing',
      [covered, lost, look, scanned],
      'missing',
      ['scan', 'abandon', 'detach'],
    ],
    [
      'is looked at when its root is back',
      [covered, scanned, lost, covered],
      'scanning',
      ['scan', 'abandon', 'detach', 'scan'],
    ],
    [
      'is looked at again for what came up during a look',
      [covered, look, look, scanned],
      'scanning',
      ['scan', 'scan'],
    ],
    [
      'is looked at again after a new watch host during a look',
      [covered, covered, scanned],
      'scanning',
      ['scan', 'scan'],
    ],
    ['is looked at on suspicion', [covered, scanned, look], 'scanning', ['scan', 'scan']],
    ['tries again later', [covered, failing('retry')], 'failed', ['scan', 'abandon', 'retry-later']],
    ['waits for a person', [covered, failing('hold')], 'failed', ['scan', 'abandon']],
    ['ends the daemon', [covered, failing('fatal')], 'failed', ['scan', 'abandon', 'fatal']],
    [
      'is looked at when the retry comes',
      [covered, failing('retry'), look],
      'scanning',
      ['scan', 'abandon', 'retry-later', 'scan'],
    ],
    ['sleeps while paused', [covered, scanned, pause, look, covered], 'paused', ['scan', 'abandon']],
    ['is looked at when resumed', [covered, scanned, pause, resume], 'scanning', ['scan', 'abandon', 'scan']],
    ['waits for its cover when resumed before it', [pause, resume], 'starting', ['abandon']],
    [
      'is looked at when it was covered while paused',
      [pause, covered, resume],
      'scanning',
      ['abandon', 'scan'],
    ],
    [
      'is missing when its root was lost while paused',
      [covered, pause, lost, resume],
      'missing',
      ['scan', 'abandon', 'detach'],
    ],
    ['is paused once', [covered, pause, pause], 'paused', ['scan', 'abandon']],
  ];
  for (const [name, events, state, effects] of rows) {
    it(name, () => {
      const end = play(...events);
      assert.equal(end.life.kind, state);
      assert.deepEqual(end.effects, effects);
    });
  }

  it('keeps what is held in sight while it is looked at again', () => {
    const { life } = play(covered, scannedHeld, look);
    assert.deepEqual(life, { kind: 'scanning', again: false, held: reason, failure: null });
  });

  it('keeps a failure in sight while it is tried again, until that comes to its end', () => {
    const { life } = play(covered, failing('retry'), look);
    assert.deepEqual(life.kind === 'scanning' && life.failure?.reason, reason);
    assert.equal(play(covered, failing('retry'), look, scanned).life.kind, 'live');
  });

  const anyEvent = fc.constantFrom(
    covered,
    lost,
    look,
    scanned,
    scannedHeld,
    taken,
    takenHeld,
    failing('retry'),
    failing('hold'),
    pause,
    resume,
  );

  it('never looks at a tree that is not covered, lost or paused, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let life = born;
        let isCovered = false;
        let isPaused = false;
        for (const event of events) {
          if (event.kind === 'covered') isCovered = true;
          if (event.kind === 'root-lost') isCovered = false;
          if (event.kind === 'pause') isPaused = true;
          if (event.kind === 'resume') isPaused = false;
          const { next, effects } = step(life, event);
          if (effects.some((effect) => effect.kind === 'scan')) assert.ok(isCovered && !isPaused);
          if (takesHints(next)) assert.ok(isCovered && !isPaused);
          life = next;
        }
      }),
    );
  });

  it('is never live without a whole look after the last doubt', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let life = born;
        let isDoubted = true;
        for (const event of events) {
          const { next } = step(life, event);
          if (['covered', 'root-lost', 'look', 'failed', 'pause'].includes(event.kind)) isDoubted = true;
          if (event.kind === 'scanned' && life.kind === 'scanning' && !life.again) isDoubted = false;
          if (next.kind === 'live') assert.ok(!isDoubted);
          life = next;
        }
      }),
    );
  });
});
