import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  identityAt,
  identityOf,
  inodeOf,
  ownerOf,
  parseIdentity,
  sameInode,
} from '../../src/sys/identity.ts';
import type { Stat } from '../../src/sys/sys.ts';

const MS = 1_000_000n;
const NOW = 1_800_000_000_123_456_789n;
const OLD: Stat = {
  kind: 'file',
  mode: 0o4755,
  uid: 33,
  gid: 4_000_000_000,
  nlink: 1,
  size: 2 ** 43,
  dev: 66305n,
  ino: 2n ** 63n,
  mtimeNs: NOW - 3600_000n * MS,
  ctimeNs: NOW - 1800_000n * MS,
};

const stats: fc.Arbitrary<Stat> = fc.record({
  kind: fc.constantFrom('file', 'dir', 'symlink', 'fifo', 'other'),
  mode: fc.nat(0o7777),
  uid: fc.nat(2 ** 32 - 1),
  gid: fc.nat(2 ** 32 - 1),
  nlink: fc.constant(1),
  size: fc.maxSafeNat(),
  dev: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ino: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  mtimeNs: fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
  ctimeNs: fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }),
});

describe('identity', () => {
  test('its text holds all that it is made of', () => {
    fc.assert(
      fc.property(stats, (stat) => {
        const { nlink: _, ...parts } = stat;
        assert.deepEqual(parseIdentity(identityOf(stat)), { ...parts, provisional: false });
      }),
    );
  });

  test('differs when anything but the number of names does', () => {
    const changed: readonly Partial<Stat>[] = [
      { kind: 'dir' },
      { mode: 0o755 },
      { uid: 34 },
      { gid: 1 },
      { size: 5 },
      { dev: 1n },
      { ino: 1n },
      { mtimeNs: OLD.mtimeNs + 1n },
      { ctimeNs: OLD.ctimeNs + 1n },
    ];
    for (const change of changed) assert.notEqual(identityOf({ ...OLD, ...change }), identityOf(OLD));
    assert.equal(identityOf({ ...OLD, nlink: 2 }), identityOf(OLD));
  });

  test('is provisional when the file changed within two clock ticks of being read', () => {
    const cases: readonly (readonly [Partial<Stat>, boolean])[] = [
      [{}, false],
      [{ mtimeNs: NOW }, true],
      [{ ctimeNs: NOW - 20n * MS }, true],
      [{ ctimeNs: NOW - 20n * MS - 1n }, false],
      [{ mtimeNs: NOW + 20n * MS }, true],
      // A time far in the future was set by hand and will not come again by a write.
      [{ mtimeNs: NOW + 21n * MS }, false],
    ];
    for (const [change, provisional] of cases) {
      const stat = { ...OLD, ...change };
      const identity = identityAt(stat, NOW);
      assert.equal(parseIdentity(identity)?.provisional, provisional);
      assert.equal(identity === identityOf(stat), !provisional);
    }
  });

  test('a provisional one equals no later one, provisional or not', () => {
    const stat = { ...OLD, ctimeNs: NOW };
    assert.notEqual(identityAt(stat, NOW), identityAt(stat, NOW + 1n));
    assert.notEqual(identityAt(stat, NOW), identityAt(stat, NOW + 1000n * MS));
  });

  test('tells inode and owner, of a provisional one too', () => {
    const [a, b] = [identityAt({ ...OLD, ctimeNs: NOW }, NOW), identityOf({ ...OLD, size: 1, uid: 1 })];
    assert.ok(sameInode(a, b));
    assert.ok(!sameInode(a, identityOf({ ...OLD, ino: 3n })));
    assert.ok(!sameInode(a, identityOf({ ...OLD, dev: 3n })));
    assert.equal(inodeOf(a), '10301:8000000000000000');
    assert.deepEqual(ownerOf(a), { uid: 33, gid: 4_000_000_000 });
  });

  test('other text is none', () => {
    for (const text of [
      '',
      'x',
      identityOf(OLD).slice(1, -1),
      `${identityOf(OLD)}~`,
      `${identityOf(OLD)} `,
    ]) {
      assert.equal(parseIdentity(text), null);
      assert.equal(ownerOf(text), null);
    }
  });
});
