import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PART, PartMemory } from '../../../../src/backends/engine/wire/part-memory.ts';

test('memory that is given back is used again, other memory is not', () => {
  const memory = new PartMemory();
  const part = memory.takePart(PART);
  const other = memory.takePart(10);
  assert.equal(other.length, 10);
  assert.notEqual(other.buffer, part.buffer);
  memory.giveBack(part);
  const frame = memory.take(PART + 18);
  assert.equal(frame.buffer, part.buffer);
  assert.equal(frame.length, PART + 18);
});

test('what is much smaller or larger than a part has a buffer of its own, which may be given away', () => {
  const memory = new PartMemory();
  for (const length of [0, 10, 60_000, 4 * PART]) {
    const bytes = memory.take(length);
    assert.ok(bytes.buffer instanceof ArrayBuffer);
    assert.equal(bytes.buffer.byteLength, length);
    memory.giveBack(bytes);
  }
  assert.ok(memory.take(PART).buffer instanceof SharedArrayBuffer);
});
