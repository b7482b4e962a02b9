import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LostMarks } from '../../../src/backends/csync2/lost-marks.ts';

const HOUR_MS = 3_600_000;

it('the names that were marked since a run began are known, each by its last time', () => {
  const marks = new LostMarks();
  marks.marked(['a', 'b'], 100);
  marks.marked(['c'], 200);
  marks.marked(['a'], 300);
  assert.deepEqual(marks.since(200), ['c', 'a']);
  assert.deepEqual(marks.since(100), ['b', 'c', 'a']);
  assert.deepEqual(marks.since(301), []);
});

it('they are forgotten after an hour, and the oldest beyond a hundred thousand', () => {
  const marks = new LostMarks();
  marks.marked(['old'], 0);
  marks.marked(['new'], HOUR_MS);
  assert.deepEqual(marks.since(0), ['new']);
  const many = Array.from({ length: 100_000 }, (_, index) => `${index}`);
  marks.marked(many, HOUR_MS + 1);
  assert.equal(marks.since(0).length, 100_000);
  assert.ok(!marks.since(0).includes('new'));
});
