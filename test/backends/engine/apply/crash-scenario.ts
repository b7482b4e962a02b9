/**
 * One batch of every kind of change, in a process of its own that is killed somewhere: `node crash-scenario.ts ROOT [many]`.
 * The tables below are what the test compares the disk with.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Value } from '../../../../src/backends/engine/core/types.ts';
import type { Change } from '../../../../src/backends/engine/apply/change.ts';
import { change, dir, file, Ground, link, NOTHING, write } from './fixture.ts';

/** What a path holds: a file's text, `dir`, `-> target`, or nothing. */
export type Held = string | null;

export const BEFORE: Readonly<Record<string, Held>> = {
  replaced: 'old replaced',
  'to-dir': 'old to-dir',
  'to-file': 'dir',
  link: '-> old',
  removed: 'old removed',
  'gone-dir': 'dir',
  'gone-dir/in': 'old in',
  moved: 'old moved',
  made: null,
  'made/file': null,
  'made/moved': null,
  'deep/er/file': null,
};

export const AFTER: Readonly<Record<string, Held>> = {
  replaced: 'new replaced',
  'to-dir': 'dir',
  'to-file': 'new to-file',
  link: '-> new',
  removed: null,
  'gone-dir': null,
  'gone-dir/in': null,
  moved: null,
  made: 'dir',
  'made/file': 'new file',
  'made/moved': 'old moved',
  'deep/er/file': 'new deep',
};

/** Files that come with the batch besides: above a few, all are flushed by one call instead of one by one. */
export const MANY = Array.from({ length: 20 }, (_, i) => `many-${i}`);

export function backupOf(name: string): string {
  return `b-${name.replaceAll('/', '-')}`;
}

export function makeBefore(ground: Ground): void {
  for (const [name, held] of Object.entries(BEFORE)) {
    if (held === 'dir') mkdirSync(ground.at(name));
    else if (held?.startsWith('-> ')) symlinkSync(held.slice(3), ground.at(name));
    else if (held !== null) writeFileSync(ground.at(name), held);
  }
}

/** The changes that lead from what is there now, as `now` tells, to AFTER. */
export function changes(ground: Ground, now: Readonly<Record<string, Held>>): Change[] {
  const planned: Change[] = [];
  const removals: Change[] = [];
  for (const [name, to] of Object.entries(AFTER)) {
    const from = now[name] ?? null;
    if (from === to) continue;
    const held = {
      expected: from === null ? null : ground.identity(name),
      from: from === null ? null : valueOf(from),
      backupId: from === null || from === 'dir' ? null : backupOf(name),
    };
    if (name === 'moved' && now['made/moved'] === null) continue;
    if (to === null) removals.unshift(change(name, NOTHING, held));
    else if (name === 'made/moved' && now.moved !== null) planned.push(movedChange(ground));
    else if (to === 'dir') planned.push(change(name, dir(), held));
    else if (to.startsWith('-> ')) planned.push(change(name, link(to.slice(3)), held));
    else planned.push(write(name, to, held));
  }
  return [...planned, ...removals];
}

function movedChange(ground: Ground): Change {
  const identity = ground.identity('moved');
  const to = file('old moved', { mtimeNs: ground.mtime('moved') });
  return change('made/moved', to, {
    content: { kind: 'local', path: 'moved' as never, identity, move: true },
  });
}

function valueOf(held: string): Value {
  if (held === 'dir') return dir();
  return held.startsWith('-> ') ? link(held.slice(3)) : file(held);
}

const [, script, root, size] = process.argv;
if (root !== undefined && script !== undefined && path.basename(script).startsWith('crash-scenario')) {
  const ground = new Ground({ durability: 'strict' }, root);
  const many = size === 'many' ? MANY.map((name) => write(name, name)) : [];
  const { results } = ground.apply(...many, ...changes(ground, BEFORE));
  if (results.some(({ outcome }) => outcome.kind !== 'done'))
    throw new Error(JSON.stringify(results, (_, v) => (typeof v === 'bigint' ? String(v) : v)));
}
