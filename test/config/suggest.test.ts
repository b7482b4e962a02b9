import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean } from '../../src/config/suggest.ts';

const KEYS = ['exclude', 'include', 'delay', 'max_delay', 'path', 'paths'];

test('a slip of the pen is recognised', () => {
  const table: [string, string][] = [
    ['exlude', 'exclude'],
    ['excludes', 'exclude'],
    ['Exclude', 'exclude'],
    ['dleay', 'delay'],
    ['maxDelay', 'max_delay'],
    ['max-delay', 'max_delay'],
    ['pth', 'path'],
  ];
  for (const [word, meant] of table) assert.equal(didYouMean(word, KEYS), `did you mean "${meant}"?`);
});

test('what is like nothing gets the list', () => {
  assert.equal(didYouMean('banana', ['a', 'b']), 'known here: a, b');
  assert.equal(didYouMean('banana', []), 'there is none to choose from');
});
