import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseVersion, type Version } from '../../../src/backends/csync2/choice.ts';
import type { Auto } from '../../../src/config/model.ts';

const version = (checktxt: string, isFirst: boolean): Version => ({ checktxt, isFirst });
const file = (mtime: number, size: number): string =>
  `v1:mtime=${mtime}:mode=33188:uid=0:gid=0:type=reg:size=${size}`;

describe('of two versions that never met', () => {
  const young = file(200, 1);
  const old = file(100, 9);
  const winners: Readonly<Record<Exclude<Auto, 'none' | 'keep-both'>, string>> = {
    younger: young,
    older: old,
    bigger: old,
    smaller: young,
    first: young,
    left: young,
    right: old,
  };
  for (const [auto, winner] of Object.entries(winners)) {
    it(`auto: ${auto} takes the same whoever asks`, () => {
      const [a, b] = [version(young, true), version(old, false)];
      const expected = winner === young ? 'ours' : 'theirs';
      assert.equal(chooseVersion(auto as Auto, a, b), expected);
      assert.equal(chooseVersion(auto as Auto, b, a), expected === 'ours' ? 'theirs' : 'ours');
    });
  }

  it('a tie goes to the host that is listed first', () => {
    for (const auto of ['younger', 'older', 'bigger', 'smaller'] as const) {
      const same = file(100, 1);
      assert.equal(chooseVersion(auto, version(same, true), version(same, false)), 'ours');
      assert.equal(chooseVersion(auto, version(same, false), version(same, true)), 'theirs');
    }
  });

  it('what has neither time nor size counts as the oldest and smallest', () => {
    const link = 'v1:mode=41471:uid=0:gid=0:type=lnk:target=mtime=999';
    assert.equal(chooseVersion('younger', version(link, true), version(old, false)), 'theirs');
    assert.equal(chooseVersion('older', version(link, false), version(old, true)), 'ours');
  });

  it('a person chooses where the policy does not', () => {
    for (const auto of ['none', 'keep-both'] as const)
      assert.equal(chooseVersion(auto, version(young, true), version(old, false)), null);
  });
});
