import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countRuns } from '../../bench/kit/csync2-runs.ts';

const WHOLE = ['/srv/shared', '%shared%'];

function runs(...lines: readonly string[]) {
  return countRuns(lines.map((line) => `${line.replaceAll(' ', '\t')}\n`).join(''), WHOLE);
}

describe('counting starts of csync2', () => {
  it('takes a look at everything for a full run', () => {
    assert.deepEqual(runs('-C wwwdata -x'), { all: 1, full: 1 });
    assert.deepEqual(runs('-N 10.0.0.1 -D /var/db -xr'), { all: 1, full: 1 });
    assert.deepEqual(runs('-N a -c'), { all: 1, full: 1 });
    assert.deepEqual(runs('-p 30866 -v -cr %shared%'), { all: 1, full: 1 });
    assert.deepEqual(runs('-cr /srv/shared'), { all: 1, full: 1 });
  });

  it('takes a look at some paths, and an update, for none', () => {
    assert.deepEqual(runs('-N a -cr %shared%/x %shared%/y', '-N a -v -u -P b', '-m /srv/shared/z'), {
      all: 3,
      full: 0,
    });
  });

  it('leaves listeners out', () => {
    assert.deepEqual(runs('-N a -ii -v -p 30866'), { all: 0, full: 0 });
  });
});
