import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSize, printSize, SIZE_PATTERN } from '../../src/util/sizes.ts';

test('sizes have a number and a binary unit, or are bytes', () => {
  const table: [string, number | null][] = [
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['64KiB', 65_536],
    ['10MiB', 10_485_760],
    ['1GiB', 1_073_741_824],
    ['1TiB', 1_099_511_627_776],
    ['1KB', null],
    ['1k', null],
    ['1.5GiB', null],
    ['-1', null],
    ['', null],
    ['9999999999999999TiB', null],
  ];
  for (const [text, bytes] of table) assert.equal(parseSize(text), bytes, text);
});

test('what is printed reads back, and matches the published pattern', () => {
  assert.equal(printSize(65_536), '64KiB');
  assert.equal(printSize(65_537), '65537B');
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      assert.equal(parseSize(printSize(bytes)), bytes);
      assert.match(printSize(bytes), new RegExp(SIZE_PATTERN));
    }),
  );
});
