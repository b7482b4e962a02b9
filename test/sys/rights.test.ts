import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lackingRights } from '../../src/sys/rights.ts';

const capabilities = (effective: string): string[] =>
  lackingRights(`Name:\tnode\nCapEff:\t${effective}\n`).map(({ capability }) => capability);

it('a process of root lacks nothing', () => {
  assert.deepEqual(capabilities('000001ffffffffff'), []);
});

it('a process of an ordinary user lacks all that files of others need', () => {
  assert.deepEqual(capabilities('0000000000000000'), ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER']);
});

it('a service with some capabilities lacks the others', () => {
  assert.deepEqual(capabilities('0000000000000009'), ['CAP_DAC_OVERRIDE']);
});

it('where there is no such file, nothing is said', () => {
  assert.deepEqual(lackingRights(''), []);
});
