import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DURATION_PATTERN, parseDuration, printDuration } from '../../src/util/durations.ts';

test('durations have a number and a unit', () => {
  const table: [string, number | null][] = [
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['30d', 2_592_000_000],
    ['007s', 7000],
    ['', null],
    ['10', null],
    ['s', null],
    ['-1s', null],
    ['1.5s', null],
    ['10 s', null],
    ['10S', null],
    ['1w', null],
    ['10s ', null],
    ['999999999999999d', null],
  ];
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms, text);
});

test('a duration is printed in its largest whole unit', () => {
  const table: [number, string][] = [
    [0, '0s'],
    [100, '100ms'],
    [2000, '2s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [86_400_000, '1d'],
  ];
  for (const [ms, text] of table) assert.equal(printDuration(ms), text);
});

test('what is printed reads back, and matches the published pattern', () => {
  fc.assert(
    fc.property(fc.nat({ max: 99_999_999_999_999 }), (ms) => {
      assert.equal(parseDuration(printDuration(ms)), ms);
      assert.match(printDuration(ms), new RegExp(DURATION_PATTERN));
    }),
  );
});
