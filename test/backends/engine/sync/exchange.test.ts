/** What nodes tell each other, where the simulator does not come: healing, large tables, a writer that never rests. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { NodeId } from '../../../../src/backends/engine/core/types.ts';
import type { Knowledge, Message } from '../../../../src/backends/engine/wire/messages.ts';
import { file } from '../core/arbitrary.ts';
import { Node, path, Wire } from './kit.ts';

const ABOUT = { group: 'g', mapping: 'm' };

function linked(count: number): { nodes: Node[]; wire: Wire } {
  const nodes = ['n1', 'n2', 'n3'].slice(0, count).map((name) => new Node(name).live());
  const wire = new Wire(nodes);
  wire.link();
  return { nodes, wire };
}

function open(haveSeq: number, node: Node, knowledge: Knowledge, linked: readonly NodeId[] = []): Message {
  return {
    kind: 'open',
    ...ABOUT,
    configHash: 'same',
    tableId: 'theirs',
    haveTable: node.store.tableId,
    haveSeq,
    knowledge,
    linked,
  };
}

/** What goes to the peer until there is nothing more to say, and how many pumps it took. */
function pumped(node: Node, peer: Node): { messages: Message[]; pumps: number } {
  node.sent.splice(0);
  let pumps = 1;
  while (node.replica.pump(peer.name)) pumps += 1;
  return { messages: node.sent.splice(0).map(({ message }) => message), pumps };
}

function lose(node: Node, name: string): void {
  node.store.transaction(() => node.replica.shared.rows.delete(path(name)));
}

suite('two tables that differ although both nodes believe that they hold everything', () => {
  for (const healer of [0, 1]) {
    test(`are made equal by node ${healer + 1}`, () => {
      const { nodes, wire } = linked(2);
      const [a, b] = nodes as [Node, Node];
      a.find({ f: file('a'), h: file('a') });
      b.find({ g: file('b') });
      wire.settle();
      lose(a, 'f');
      lose(b, 'g');
      const [node, other] = healer === 0 ? [a, b] : [b, a];
      node.replica.exchangeAll(other.name);
      wire.settle();
      for (const { replica } of [a, b]) {
        for (const name of ['f', 'g', 'h'])
          assert.equal(replica.shared.rows.get(path(name))?.row.siblings.length, 1, `${name} is missing`);
      }
      for (const [one, two] of [
        [a, b],
        [b, a],
      ] as const)
        assert.equal(one.replica.acked(two.name), one.replica.shared.rows.lastSeq());
    });
  }
});

test('who found a gap, and holds everything by another way, is told from where the rest follows', () => {
  const a = new Node('n1').live();
  const b = new Node('n2');
  a.find({ f: file('a') });
  a.replica.linked(b.name);
  a.replica.receive(b.name, open(0, a, a.replica.knowledge()));
  const { messages } = pumped(a, b);
  assert.deepEqual(
    messages.map((message) => (message.kind === 'rows' ? [message.prev, message.last] : message.kind)),
    [[0, 1], 'mark'],
  );
});

test('a large table of which the peer holds all is gone through a piece at a time', () => {
  const a = new Node('n1').live();
  const b = new Node('n2');
  a.find(Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`f${index}`, file('a')])));
  a.replica.linked(b.name);
  a.replica.receive(b.name, open(0, a, a.replica.knowledge()));
  const { messages, pumps } = pumped(a, b);
  assert.equal(messages.at(-1)?.kind, 'mark');
  assert.ok(pumps > 5, `${pumps} pumps`);
});

test('I17: rows that wait for their author do not keep our own changes from being acknowledged', () => {
  const author = new Node('n1').live();
  const b = new Node('n2').live();
  const peer = new Node('n3');
  b.replica.linked(author.name);
  b.replica.receive(author.name, open(0, b, new Map(), [peer.name]));
  b.replica.linked(peer.name);
  b.replica.receive(peer.name, open(0, b, new Map(), [author.name]));
  const marks: number[] = [];
  let mine = 0;
  for (let tick = 0; tick < 150; tick++) {
    author.find({ [`w${tick}`]: file('a') });
    const row = author.replica.shared.table.get(path(`w${tick}`));
    const update = { path: row.path, seq: row.seq, row: row.row, movedFrom: null, content: null };
    b.replica.receive(author.name, { kind: 'rows', ...ABOUT, prev: tick, last: tick + 1, rows: [update] });
    if (tick === 50) {
      b.find({ mine: file('b') });
      mine = b.replica.shared.rows.lastSeq();
    }
    for (const message of pumped(b, peer).messages) if (message.kind === 'mark') marks.push(message.seq);
    for (const node of [author, b]) node.time += 30;
  }
  assert.ok(Math.max(...marks) >= mine, `marked ${marks.join(' ')}, not ${mine}`);
});
