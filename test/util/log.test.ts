import assert from 'node:assert/strict';
import { it } from 'node:test';
import { journalLine } from '../../src/util/log.ts';

it('journald gets the priority, the message and the fields on one line', () => {
  const line = (level: number, more: object = {}): string =>
    journalLine(JSON.stringify({ level, time: 1, group: 'web', msg: 'live', ...more }));
  assert.equal(line(30), '<6>live group=web\n');
  assert.equal(line(20), '<7>live group=web\n');
  assert.equal(line(40), '<4>live group=web\n');
  assert.equal(line(50), '<3>live group=web\n');
  assert.equal(line(60), '<2>live group=web\n');
  assert.equal(line(30, { hint: 'do this', n: 5 }), '<6>live group=web hint="do this" n=5\n');
});

it('a name with a line break cannot forge a line', () => {
  const forged = JSON.stringify({ level: 30, msg: 'a\n<2>b', path: 'c\n<2>d' });
  assert.equal(journalLine(forged), '<6>a\\n<2>b path="c\\n<2>d"\n');
});
