import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inWords } from '../../src/util/errno-words.ts';

it('says what an errno means, and keeps the call', () => {
  assert.equal(inWords('ENOSPC: write fd 76'), 'no space left on the file system (ENOSPC: write fd 76)');
});

it('leaves other messages alone', () => {
  for (const message of ['keeps changing', 'EWEIRD: open x', 'not ENOSPC: really'])
    assert.equal(inWords(message), message);
});
