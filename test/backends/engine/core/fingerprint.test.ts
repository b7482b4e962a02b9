import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  addFingerprint,
  fingerprintOf,
  sameFingerprint,
  ZERO_FINGERPRINT,
  type Fingerprint,
} from '../../../../src/backends/engine/core/fingerprint.ts';

const sum = (items: readonly Uint8Array[]): Fingerprint =>
  items.reduce<Fingerprint>((total, item) => addFingerprint(total, fingerprintOf(item)), ZERO_FINGERPRINT);
const hex = (text: string): string =>
  fingerprintOf(new TextEncoder().encode(text))
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('');

suite('fingerprints', () => {
  test('are MurmurHash3_x86_128 with seed 0', () => {
    assert.equal(hex(''), '00000000000000000000000000000000');
    assert.equal(hex('The quick brown fox jumps over the lazy dog'), '2f1583c3ecee2c675d7bf66ce5e91d2c');
  });

  test('of a set do not depend on the order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (items) => {
        assert.ok(sameFingerprint(sum(items), sum(items.toReversed())));
      }),
    );
  });

  test('differ when one bit differs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.nat(), (bytes, where) => {
        const other = Uint8Array.from(bytes);
        const at = where % bytes.length;
        other[at] = (other[at] ?? 0) ^ (1 << (where % 8));
        assert.equal(sameFingerprint(fingerprintOf(bytes), fingerprintOf(other)), false);
      }),
    );
  });
});
