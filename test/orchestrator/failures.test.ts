import assert from 'node:assert/strict';
import { it } from 'node:test';
import { classify } from '../../src/orchestrator/failures.ts';
import { CsyncdError } from '../../src/util/errors.ts';

it('what a system call says is tried again, with what to do', () => {
  const error = Object.assign(new Error('EACCES: permission denied, open /srv'), { code: 'EACCES' });
  const { disposition, reason } = classify(error);
  assert.equal(disposition, 'retry');
  assert.equal(reason.code, 'EACCES');
  assert.match(reason.hint, /read and write/);
});

it("an error's own hint is better than the table's", () => {
  assert.equal(classify(new CsyncdError('EACCES', 'no', { hint: 'chown it' })).reason.hint, 'chown it');
});

it('a broken state ends the daemon', () => {
  assert.equal(classify(new CsyncdError('state-corrupt', 'broken')).disposition, 'fatal');
});

it('what nobody thought of is tried again', () => {
  const { disposition, reason } = classify('odd');
  assert.deepEqual([disposition, reason.code, reason.message], ['retry', 'internal', 'odd']);
});
