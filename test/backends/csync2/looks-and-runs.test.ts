/** Looks beside real csync2 at work: what it does starts nothing, and what it cannot see is not lost. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { after, it } from 'node:test';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { EVERYTHING, look, type Findings } from '../../../src/backends/csync2/look.ts';
import { makePair, type Host } from './pair.ts';
import { wallClock } from './recorder.ts';

const NOTHING: Findings = { differences: [], toForce: [], unseen: [], leftovers: [], again: [], errors: [] };

async function pair(options: { readonly atOnePath?: boolean } = {}): Promise<readonly [Host, Host]> {
  const made = await makePair(options);
  after(() => {
    for (const host of made) host.close();
  });
  return made;
}

async function lookAt(host: Host): Promise<Findings> {
  const settling = { sessionsOpen: () => host.incoming.isOpen(), now: wallClock, user: null };
  return look(host.tree, EVERYTHING, settling, AbortSignal.timeout(120_000));
}

/** When the last session is over. */
async function lookAtRest(host: Host): Promise<Findings> {
  assert.ok(await host.incoming.quiet(60_000, AbortSignal.timeout(120_000)));
  return lookAt(host);
}

function secondOf(file: string): number {
  return Math.floor(fs.statSync(file).mtimeMs / 1000);
}

it('what a peer puts there is no change, at any moment of it', async () => {
  const [sender, receiver] = await pair();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 150; i++) fs.writeFileSync(sender.at(`file ${i}`), 'x'.repeat(i + round));
    if (round > 0) for (let i = 0; i < 150; i += 3) fs.rmSync(sender.at(`file ${i}`));
    sender.csync2('-cr', sender.root);
    const update = sender.update();
    for (let isOver = false; !isOver;) {
      isOver = await Promise.race([update.then(() => true), setImmediate(false)]);
      const { differences, unseen } = await lookAt(receiver);
      assert.deepEqual({ differences, unseen }, { differences: [], unseen: [] });
      // Neither do the temporaries that the sender writes beside its own files.
      assert.deepEqual((await lookAt(sender)).differences, []);
    }
    await update;
    assert.deepEqual(await lookAtRest(receiver), NOTHING);
    assert.deepEqual(fs.readdirSync(receiver.root).sort(), fs.readdirSync(sender.root).sort());
  }
});

it('a second edit within a second that leaves the same size is lost to csync2, but not to a look', async () => {
  const [sender, receiver] = await pair();
  const [from, to] = [sender.at('file'), receiver.at('file')];
  for (let tries = 0; ; tries++) {
    // Early in a second, so that what follows at once is in it too.
    await pause(1020 - (Date.now() % 1000));
    fs.writeFileSync(from, `first ${tries}!`);
    const second = secondOf(from);
    const first = await lookAtRest(sender);
    assert.equal(first.differences.length, 1);
    sender.csync2('-c', from);
    await sender.update();
    fs.writeFileSync(from, `other ${tries}!`);
    if (secondOf(from) === second) break;
    // Too slow: the edits were in two seconds.
    await lookAtRest(sender);
    sender.csync2('-c', from);
    await sender.update();
  }
  assert.match(fs.readFileSync(to, 'utf8'), /^first/);
  sender.csync2('-cr', sender.root);
  await sender.update();
  assert.match(fs.readFileSync(to, 'utf8'), /^first/, 'csync2 alone does not see it, ever');

  const { differences, unseen } = await lookAtRest(sender);
  assert.deepEqual(differences, []);
  assert.deepEqual(
    unseen.map(({ path }) => path),
    ['file'],
  );
  assert.deepEqual((await lookAtRest(sender)).unseen, unseen, 'told until it was marked');
  sender.csync2('-m', from);
  sender.tree.young.marked(unseen);
  await sender.update();
  assert.match(fs.readFileSync(to, 'utf8'), /^other/);
  assert.deepEqual(await lookAtRest(sender), NOTHING);
  assert.deepEqual(await lookAtRest(receiver), NOTHING, 'what csync2 applied is no edit of this node');
});

it('a symlink whose target begins as the old one did is never sent by csync2, unless it is forced', async () => {
  const [sender, receiver] = await pair({ atOnePath: true });
  const target = (): string => fs.readlinkSync(receiver.at('current'));
  let before = 'v1';
  fs.symlinkSync(before, sender.at('current'));
  sender.csync2('-cr', sender.pathOf(''));
  await sender.update();
  for (const next of ['v10', 'v1', 'other', 'v 2', 'v 2/a b', 'v 2']) {
    fs.rmSync(sender.at('current'));
    fs.symlinkSync(next, sender.at('current'));
    const { differences, toForce } = await lookAtRest(sender);
    assert.deepEqual(differences, [{ path: 'current', was: 'other', is: 'other' }]);
    sender.csync2('-c', sender.pathOf('current'));
    const isLost = next.startsWith(before) || before.startsWith(next);
    assert.deepEqual(toForce, isLost ? ['current'] : []);
    if (isLost) {
      await sender.update();
      assert.equal(target(), before);
      assert.deepEqual(
        await sender.tree.table.owed(sender.tree.rootName),
        new Map(),
        'and nothing is owed any more',
      );
      sender.csync2('-m', sender.pathOf('current'));
      sender.csync2('-f', sender.pathOf('current'));
    }
    await sender.update();
    assert.equal(target(), next);
    before = next;
  }
  assert.deepEqual(await lookAtRest(sender), NOTHING);
  assert.deepEqual(await lookAtRest(receiver), NOTHING);
});
