import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { settleMeeting, type Side } from '../../../src/backends/csync2/first-meeting.ts';
import type { Divergence } from '../../../src/backends/csync2/peer-tables.ts';
import type { Auto } from '../../../src/config/model.ts';

const autos: readonly Auto[] = [
  'younger',
  'older',
  'bigger',
  'smaller',
  'first',
  'left',
  'right',
  'none',
  'keep-both',
];
const texts = fc.oneof(
  fc
    .tuple(fc.nat(3), fc.nat(3), fc.constantFrom(0, 7))
    .map(([mtime, size, uid]) => `v1:mtime=${mtime}:mode=33188:uid=${uid}:gid=0:type=reg:size=${size}`),
  fc.constantFrom('v1:mode=16877:uid=0:gid=0:type=dir', 'v1:mode=41471:uid=0:gid=0:type=lnk:target=x'),
);
const names = fc
  .array(
    fc.record({
      ours: fc.option(texts),
      theirs: fc.option(texts),
      isDeletedHere: fc.boolean(),
      isDeletedThere: fc.boolean(),
    }),
  )
  .map((all) => all.map((one, index) => ({ ...one, name: `%p%/${index}` })));

const swapped = (divergences: readonly Divergence[]): Divergence[] =>
  divergences.map(({ name, ours, theirs }) => ({ name, ours: theirs, theirs: ours }));

describe('a first meeting', () => {
  it('comes to the same on both sides', () => {
    const both = fc.property(
      fc.constantFrom(...autos),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      names,
      (auto, isFirst, weReceive, theyReceive, all) => {
        const divergences = all.filter(({ ours, theirs }) => ours !== theirs);
        const us: Side = { isFirst, receiveOnly: weReceive };
        const them: Side = { isFirst: !isFirst, receiveOnly: theyReceive };
        const here = divergences.flatMap((one) => (one.isDeletedHere && one.ours === null ? [one.name] : []));
        const there = divergences.flatMap((one) =>
          one.isDeletedThere && one.theirs === null ? [one.name] : [],
        );
        const [ourDeletions, theirDeletions] = [new Set(here), new Set(there)];
        const one = settleMeeting(auto, us, them, divergences, {
          ours: ourDeletions,
          theirs: theirDeletions,
        });
        const other = settleMeeting(auto, them, us, swapped(divergences), {
          ours: theirDeletions,
          theirs: ourDeletions,
        });
        assert.deepEqual(one.ours, other.theirs);
        assert.deepEqual(one.theirs, other.ours);
        assert.deepEqual(one.undecided, other.undecided);
        if (weReceive) assert.deepEqual(one.ours, []);
      },
    );
    fc.assert(both);
  });

  const side = (isFirst: boolean, receiveOnly = false): Side => ({ isFirst, receiveOnly });
  const nothing: ReadonlySet<string> = new Set();
  const settle = (divergence: Omit<Divergence, 'name'>, deletions: { ours?: string; theirs?: string } = {}) =>
    settleMeeting('none', side(true), side(false), [{ name: 'f', ...divergence }], {
      ours: deletions.ours === undefined ? nothing : new Set([deletions.ours]),
      theirs: deletions.theirs === undefined ? nothing : new Set([deletions.theirs]),
    });

  it('brings what only one has to the other, whatever the policy', () => {
    assert.deepEqual(settle({ ours: 'v1', theirs: null }).ours, ['f']);
    assert.deepEqual(settle({ ours: null, theirs: 'v1' }).theirs, ['f']);
    assert.deepEqual(settle({ ours: 'v1', theirs: 'v1:' }).undecided, ['f']);
  });

  it('does not bring back what one of them has deleted', () => {
    assert.deepEqual(settle({ ours: null, theirs: 'v1' }, { ours: 'f' }).ours, ['f']);
    assert.deepEqual(settle({ ours: 'v1', theirs: null }, { theirs: 'f' }).theirs, ['f']);
  });

  it('leaves alone what a receiver alone has', () => {
    const has = { name: 'f', ours: null, theirs: 'v1' };
    const none = { ours: nothing, theirs: nothing };
    assert.deepEqual(settleMeeting('younger', side(true), side(false, true), [has], none), {
      ours: [],
      theirs: [],
      undecided: [],
    });
  });
});
