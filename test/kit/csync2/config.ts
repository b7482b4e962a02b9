/** A node's config file, changed under its daemon. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import type { ClusterNode } from '../cluster.ts';

export interface GroupKeys extends Record<string, unknown> {
  key_file: string;
  hosts: { name: string; address: string }[];
  mappings: Record<string, Record<string, unknown>>;
}

type Groups = { web: GroupKeys } & Record<string, GroupKeys>;

/** Takes effect with the next start. */
export function rewrite(node: ClusterNode, change: (groups: Groups) => void): void {
  const { configFile } = node.place;
  const config = JSON.parse(fs.readFileSync(configFile, 'utf8')) as { groups: Groups };
  change(config.groups);
  fs.writeFileSync(configFile, JSON.stringify(config));
}

/** Changes the group `web`, and has the daemon follow when it runs. */
export async function reload(node: ClusterNode, change: (group: GroupKeys) => void): Promise<void> {
  rewrite(node, ({ web }) => change(web));
  if (!node.running) return;
  const { code, stdout, stderr } = await node.cli('reload');
  assert.equal(code, 0, stdout + stderr);
}

export function moveTo(address: string, name: string): (group: GroupKeys) => void {
  return ({ hosts }) => {
    const host = hosts.find((one) => one.name === name);
    if (host !== undefined) host.address = address;
  };
}
