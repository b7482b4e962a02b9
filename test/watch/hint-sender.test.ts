import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HintSender } from '../../src/watch/hint-sender.ts';
import { FakeClock } from './fake-clock.ts';

interface Message {
  readonly at: number;
  readonly paths: readonly string[];
}

function sender(): { clock: FakeClock; add: (path: string) => void; messages: Message[] } {
  const clock = new FakeClock();
  const messages: Message[] = [];
  const made = new HintSender(
    (hints, sent) => {
      messages.push({ at: clock.now, paths: hints.map(({ path }) => path) });
      sent();
    },
    () => true,
    clock,
  );
  return { clock, messages, add: (path) => made.add({ path, scope: 'entry' }) };
}

test('a lone hint is sent at once, whatever was before', () => {
  const { clock, add, messages } = sender();
  for (const at of [0, 200, 1_000]) {
    clock.advance(at);
    add(`at ${at}`);
    clock.advance(at);
  }
  assert.deepEqual(messages, [
    { at: 0, paths: ['at 0'] },
    { at: 200, paths: ['at 200'] },
    { at: 1_000, paths: ['at 1000'] },
  ]);
});

test('the second of two is sent a moment later', () => {
  const { clock, add, messages } = sender();
  add('a');
  clock.advance(0);
  add('b');
  clock.advance(100);
  assert.deepEqual(messages, [
    { at: 0, paths: ['a'] },
    { at: 1, paths: ['b'] },
  ]);
});

test('a flood is sent in few messages, each hint within 25 ms, and none is missing', () => {
  const { clock, add, messages } = sender();
  const names = Array.from({ length: 1_000 }, (_, at) => `${at}`);
  for (const [at, name] of names.entries()) {
    clock.advance(at);
    add(name);
  }
  clock.advance(2_000);
  assert.ok(messages.length < 60, `${messages.length} messages`);
  assert.deepEqual(messages.flatMap(({ paths }) => paths).sort(), names.toSorted());
  for (const { at, paths } of messages) for (const name of paths) assert.ok(at - Number(name) <= 25);
});
