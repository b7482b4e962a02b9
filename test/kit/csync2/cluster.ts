/**
 * A cluster whose group real csync2 binaries serve, under csyncd. Every run of the binary is written down: a change must
 * cost its sender one check and one update a peer, and its receivers none.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { cluster, type Cluster, type ClusterNode, type ClusterOptions } from '../cluster.ts';
import { makeTempDir } from '../temp-dir.ts';

export interface Run {
  /** the node that ran it */
  readonly node: string;
  readonly kind: 'check' | 'record' | 'update' | 'mark' | 'compare' | 'listen' | 'other';
  readonly args: string;
}

export interface Csync2Cluster<Name extends string> extends Cluster<Name> {
  /** Runs of csync2 since the last call, without those that only ask for its version. */
  runs(): Run[];
}

export async function csync2Cluster<Name extends string>(
  test: TestContext,
  options: ClusterOptions<Name>,
): Promise<Csync2Cluster<Name>> {
  const dir = makeTempDir();
  const file = join(dir, 'runs');
  const binary = join(dir, 'csync2');
  fs.writeFileSync(file, '');
  // One write a run, so that lines of several do not mix.
  fs.writeFileSync(
    binary,
    `#!/bin/sh\nprintf '%s\\n' "$(echo "$*" | tr '\\n' ' ')" >>${file}\nexec csync2 "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const { csync2, ...group } = options.group ?? {};
  const made = await cluster(test, {
    precision: 'seconds',
    ...options,
    group: {
      backend: 'csync2',
      ...group,
      csync2: { no_ssl: true, binary, ...(csync2 as object | undefined) },
    },
  });
  const nodes = new Map(made.all.map((node) => [made.address(node.name as Name), node.name]));
  let read = 0;
  return Object.assign(made, {
    runs: () => {
      const text = fs.readFileSync(file, 'utf8');
      const lines = text
        .slice(read)
        .split('\n')
        .filter((line) => line.includes('-N '));
      read = text.length;
      return lines.map((args) => ({
        node: nodes.get(/-N (\S+)/.exec(args)?.[1] ?? '') ?? '?',
        kind: kindOf(args),
        args,
      }));
    },
  });
}

/** csync2's database at a node. */
export function databaseOf(node: ClusterNode): string {
  const dir = join(node.place.stateDir, 'csync2', 'web');
  const name = fs.readdirSync(dir).find((one) => one.endsWith('.db3')) ?? '';
  return join(dir, name);
}

function kindOf(args: string): Run['kind'] {
  const letters = args
    .split(' ')
    .filter((word) => /^-[a-zA-Z]+$/.test(word))
    .join('');
  if (letters.includes('ii')) return 'listen';
  if (letters.includes('T')) return 'compare';
  if (letters.includes('I')) return 'record';
  if (letters.includes('u')) return 'update';
  if (letters.includes('m') || letters.includes('f')) return 'mark';
  if (letters.includes('c')) return 'check';
  return 'other';
}
