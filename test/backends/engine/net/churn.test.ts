import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import { group, TestNode } from './nodes.ts';

const web = group('web', ['web1', 'web2']);

/** The link that stands at a node; waits until there is one that carries a message to the other node's standing one. */
async function agreedLinks(a: TestNode, b: TestNode, mark: number): Promise<void> {
  for (;;) {
    const link = a.standing(b);
    link?.send({ kind: 'ping', time: mark });
    if (
      link !== null &&
      b.lines.some(
        (line) => line.kind === 'message' && line.message.kind === 'ping' && line.message.time === mark,
      )
    ) {
      return;
    }
    await new Promise(setImmediate);
  }
}

const step = fc.constantFrom(
  'close at 1',
  'close at 2',
  'close at both',
  'nudge both',
  'restart 1',
  'restart 2',
);

test('whatever ends links, and however both dial, there is one again', { timeout: 120_000 }, async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      let web1 = await TestNode.start(t, 'web1', [web]);
      let web2 = await TestNode.start(t, 'web2', [web]);
      await Promise.all([web1.meet(web2), web2.meet(web1)]);
      let mark = 1;
      for (const what of steps) {
        if (what === 'close at 1' || what === 'close at both') web1.standing(web2)?.close('churn');
        if (what === 'close at 2' || what === 'close at both') web2.standing(web1)?.close('churn');
        if (what === 'nudge both') {
          web1.network.nudge('web2' as NodeId);
          web2.network.nudge('web1' as NodeId);
        }
        if (what === 'restart 1') {
          await web1.network.stop();
          web1 = await TestNode.start(t, 'web1', [web], { pins: web1.pins });
          await Promise.all([web1.meet(web2), web2.meet(web1)]);
        }
        if (what === 'restart 2') {
          await web2.network.stop();
          web2 = await TestNode.start(t, 'web2', [web], { pins: web2.pins });
          await Promise.all([web2.meet(web1), web1.meet(web2)]);
        }
        await agreedLinks(web1, web2, mark++);
        await agreedLinks(web2, web1, mark++);
      }
      const clones = [...web1.lines, ...web2.lines].filter(
        (line) => line.kind === 'problem' && line.problem.code !== 'down',
      );
      assert.deepEqual(clones, []);
      await Promise.all([web1.network.stop(), web2.network.stop()]);
    }),
    { numRuns: 15, endOnFailure: true },
  );
});
