import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lacksHere } from '../../src/sys/lacks.ts';
import { loadLibc } from '../../src/sys/libc.ts';
import { lackingRights } from '../../src/sys/rights.ts';

const NONE = { reason: null };
const messages = (...args: Parameters<typeof lacksHere>): string[] =>
  lacksHere(...args).map(({ message, remedy }) => `${message}\n${remedy}`);

describe('what is lacking', () => {
  it('is nothing where the C library and the kernel do all and root runs it', () => {
    assert.deepEqual(messages(loadLibc(), NONE, []), []);
  });

  it('is the native module, with why and what to do', () => {
    const [message = '', ...more] = messages(
      { ok: false, reason: 'no build of it' },
      { reason: 'no build of it' },
      [],
    );
    assert.match(message, /without its native module.*\/etc\/passwd.*: no build of it\ninstall csyncd anew/s);
    assert.deepEqual(more, []);
  });

  it('is a system call that the kernel or a sandbox refuses', () => {
    assert.match(messages(loadLibc(), { reason: 'EPERM: open ' }, []).join(), /without openat2.*EPERM/);
  });

  it('is rights, named as a unit needs them', () => {
    const [message = ''] = messages(loadLibc(), NONE, lackingRights('CapEff:\t0000000000000009\n'));
    assert.match(message, /few rights: what its user may not read.*AmbientCapabilities=CAP_DAC_OVERRIDE$/s);
  });
});
