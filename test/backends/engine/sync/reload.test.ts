/** Changes of the config, while replicas run and while they do not. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Value } from '../../../../src/backends/engine/core/types.ts';
import { openStore } from '../../../../src/backends/engine/store/sqlite.ts';
import type { ReplicaSettings } from '../../../../src/backends/engine/sync/settings.ts';
import { makeTempDir } from '../../../kit/temp-dir.ts';
import { DIR, file } from '../core/arbitrary.ts';
import { Node, path, Wire } from './kit.ts';

type Settings = Partial<ReplicaSettings>;

function two(settings: Settings = {}): [Node, Node, Wire] {
  const a = new Node('n1', settings).live();
  const b = new Node('n2', settings, openStore(makeTempDir())).live();
  const wire = new Wire([a, b]);
  wire.link();
  return [a, b, wire];
}

function reload(node: Node, settings: Settings): void {
  node.replica.configure({ ...node.replica.settings, ...settings });
}

function onDisk(node: Node, name: string): Value | null {
  return node.replica.shared.rows.get(path(name))?.applied?.value ?? null;
}

/** The daemons were stopped, and started with another config. */
function restart(nodes: readonly Node[], settings: Settings): [Node[], Wire] {
  const again = nodes.map((node) => new Node(node.name, settings, node.store).live());
  const wire = new Wire(again);
  wire.link();
  return [again, wire];
}

suite('a start', () => {
  test('with a policy that decides ends the conflicts that were left to a person', () => {
    const [a, b, wire] = two({ policy: 'none' });
    a.find({ x: file('a'), f: file('a', { mtimeNs: 5n }) });
    b.find({ x: DIR, 'x/f': file('b'), f: file('b', { mtimeNs: 9n }) });
    wire.settle();
    const [nodes, link] = restart([a, b], { policy: 'younger' });
    link.settle();
    for (const node of nodes) {
      assert.deepEqual(onDisk(node, 'f'), file('b', { mtimeNs: 9n }));
      assert.deepEqual(onDisk(node, 'x/f'), file('b'));
    }
  });

  test('as a node that writes sends the edits that it had kept to itself', () => {
    const a = new Node('n1').live();
    const b = new Node('n2', { receiveOnly: true }).live();
    const wire = new Wire([a, b]);
    wire.link();
    b.find({ own: file('c') });
    wire.settle();
    assert.equal(onDisk(a, 'own'), null);
    const [[again], link] = restart([a, b], {});
    link.settle();
    assert.ok(again !== undefined);
    assert.deepEqual(onDisk(again, 'own'), file('c'));
  });
});

suite('a reload', () => {
  test('to a policy that decides ends the conflicts that were left to a person', () => {
    const [a, b, wire] = two({ policy: 'none' });
    a.find({ f: file('a', { mtimeNs: 5n }) });
    b.find({ f: file('b', { mtimeNs: 9n }) });
    wire.settle();
    for (const node of [a, b]) reload(node, { policy: 'younger' });
    wire.settle();
    for (const node of [a, b]) assert.deepEqual(onDisk(node, 'f'), file('b', { mtimeNs: 9n }));
  });

  test('to a policy that decides brings what lies below a former conflict', () => {
    const [a, b, wire] = two({ policy: 'none' });
    a.find({ x: file('a') });
    b.find({ x: DIR, 'x/f': file('b') });
    wire.settle();
    assert.equal(onDisk(a, 'x/f'), null);
    for (const node of [a, b]) reload(node, { policy: 'younger' });
    wire.settle();
    for (const node of [a, b]) assert.deepEqual(onDisk(node, 'x/f'), file('b'));
  });

  test('that lets a receiving node write sends the edits that it had kept to itself', () => {
    const [a, b, wire] = two();
    reload(b, { receiveOnly: true });
    a.find({ f: file('a', { mtimeNs: 1n }) });
    wire.settle();
    b.find({ f: file('b', { mtimeNs: 2n }), own: file('c') });
    wire.settle();
    assert.equal(onDisk(a, 'own'), null);
    reload(b, { receiveOnly: false });
    wire.settle();
    assert.deepEqual(onDisk(a, 'own'), file('c'));
    for (const node of [a, b]) assert.deepEqual(onDisk(node, 'f'), file('b', { mtimeNs: 2n }));
    assert.equal(b.replica.shared.rows.totals().blocked, 0);
  });
});
