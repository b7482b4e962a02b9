/** Credit between two nodes, and questions over a link that goes. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import type { Link } from '../../../../src/backends/engine/net/link.ts';
import { Session, WINDOW } from '../../../../src/backends/engine/sync/session.ts';
import type { Message } from '../../../../src/backends/engine/wire/messages.ts';
import { file } from '../core/arbitrary.ts';
import { Node, path } from './kit.ts';

class End {
  woken = 0;
  queued = 0;
  readonly sent: Message[] = [];
  readonly session: Session;

  constructor() {
    const link: Link = {
      peer: 'n2' as NodeId,
      groups: new Set(['g']),
      refused: new Map(),
      features: new Set(),
      runId: '',
      clockSkewMs: 0,
      bulk: { send: () => Promise.resolve() },
      send: (message) => void this.sent.push(message),
      queuedBytes: () => this.queued,
      close: () => undefined,
    };
    const events = {
      message: () => undefined,
      wake: () => void (this.woken += 1),
      answer: () => Promise.resolve(null),
    };
    this.session = new Session(link, events, Date.now);
  }
}

function rows(): Message {
  const node = new Node('n1').live();
  node.find({ f: file('a') });
  const { row } = node.replica.shared.table.get(path('f'));
  const update = { path: path('f'), seq: 1, row, movedFrom: null, content: new Uint8Array(WINDOW / 16) };
  return { kind: 'rows', group: 'g', mapping: 'm', prev: 0, last: 1, rows: [update] };
}

suite('credit', () => {
  test('is given back for rows that lead to no work of their own', (t) => {
    const end = new End();
    t.after(() => end.session.closed('the test ends'));
    for (let count = 0; count < 2; count++) end.session.receive(rows());
    assert.ok(end.woken > 0, 'nobody would give it back');
    end.session.credit();
    assert.equal(end.sent.filter((message) => message.kind === 'credit').length, 1);
  });

  test('a link whose queue was full is asked again by itself', async (t) => {
    const end = new End();
    t.after(() => end.session.closed('the test ends'));
    end.queued = WINDOW;
    assert.equal(end.session.canSend(), false);
    end.queued = 0;
    while (end.woken === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(end.session.canSend(), true);
  });
});

suite('a question', () => {
  test('over a link that is gone fails at once', async () => {
    const end = new End();
    end.session.closed('gone');
    await assert.rejects(end.session.calls.call('rows.sum', {}), { code: 'unlinked' });
  });

  test('that nobody waits for any more is not asked', async (t) => {
    const end = new End();
    t.after(() => end.session.closed('the test ends'));
    await assert.rejects(end.session.calls.call('rows.sum', {}, AbortSignal.abort()), { code: 'aborted' });
    assert.deepEqual(end.sent, []);
  });
});
