/** What the hosts hold before a migration, and what must be so afterwards. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import type { TestContext } from 'node:test';
import { hosts } from '../kit/hosts/hosts.ts';
import type { Host, Hosts } from '../kit/hosts/hosts.ts';
import { Walk } from '../kit/hosts/walk.ts';
import { differences, walkAtRest } from '../kit/cluster/tree.ts';
import { until } from '../kit/cluster/until.ts';

export const SHARED = '/var/www/shared';
export const NAMES = ['web1', 'web2', 'web3'] as const;
export type Three = Hosts<(typeof NAMES)[number]>;

/** Names that the csync2.cfg of the page leaves out, with what is below them. */
export const EXCLUDED = ['cache', '.swp'];

/** Three hosts with csync2 in cron that hold the same, and the way that goes on from there. */
export async function withCsync2(
  t: TestContext,
  chapter: string,
  options: { readonly files: readonly string[]; readonly amend?: (host: Host) => Promise<unknown> },
): Promise<{ made: Three; web1: Host; web2: Host; web3: Host; way: Walk<(typeof NAMES)[number]> }> {
  const made = await hosts(t, NAMES);
  const [web1, web2, web3] = NAMES.map((name) => made.at(name));
  assert.ok(web1 && web2 && web3);
  const way = new Walk(made, 'docs/MIGRATING.md', chapter);
  await way.step('What there is');
  putKey(made, '/etc/csync2.key');
  for (const host of made.all) {
    await options.amend?.(host);
    host.put(`${SHARED}/cache/own`, host.name);
    await host.must('systemctl start csync2.socket');
  }
  putTree(web1, SHARED);
  for (const name of options.files) web2.put(`${SHARED}/${name}`, 'first');
  assert.deepEqual(await made.minute(), []);
  return { made, web1, web2, web3, way };
}

/** A key of csync2's, as `csync2 -k` writes them. */
export function putKey({ all }: Three, path: string): void {
  for (const host of all) host.put(path, `${'aB.9_'.repeat(13).slice(0, 64)}\n`, 0o600);
}

/** Some directories and files of many kinds. */
export function putTree(host: Host, root: string): void {
  for (let i = 0; i < 60; i++) host.put(`${root}/site/${i % 4}/page-${i}.html`, `page ${i}\n`.repeat(i));
  host.put(`${root}/with space/ünï`, 'a name');
  host.put(`${root}/run.sh`, '#!/bin/sh\n', 0o755);
  fs.chmodSync(host.path(`${root}/run.sh`), 0o755);
  fs.symlinkSync('run.sh', host.path(`${root}/link`));
}

/** Waits until a directory is the same on all hosts by a walk of its own: content, mode, owner, mtime. */
export async function sameEverywhere(
  { all }: Three,
  root = SHARED,
  except: readonly string[] = [],
): Promise<void> {
  const compare = () => {
    const trees = all.map((host) => [host.name, kept(host, root, except)] as const);
    const whole = trees.flatMap(([name, tree]) => (tree === null ? [] : [[name, tree] as const]));
    return whole.length < trees.length ? ['(changing)'] : differences(new Map(whole));
  };
  await until(`${root} is the same everywhere`, () => compare().length === 0, {
    explain: () => compare().join('\n'),
  });
}

function kept(host: Host, root: string, except: readonly string[]): ReadonlyMap<string, string> | null {
  const tree = walkAtRest(host.path(root));
  if (tree === null) return null;
  return new Map(
    [...tree].filter(([path]) => !except.some((name) => path === name || path.startsWith(`${name}/`))),
  );
}

export function assertGone({ all }: Three, path: string): void {
  for (const host of all) assert.ok(!host.exists(path), `${path} is on ${host.name} again`);
}

export function assertHas({ all }: Three, path: string, content: string): void {
  for (const host of all) assert.equal(host.read(path), content, `${path} on ${host.name}`);
}
