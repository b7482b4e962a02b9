/** Debian systems on one network, for the length of a test: what a cluster is deployed to. Needs root. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { attempt } from '../cluster/command.ts';
import { Network } from '../cluster/network.ts';
import { Machine } from './machine.ts';
import { systemTree } from './system-tree.ts';

export interface MachinesOptions<Name extends string> {
  readonly names: readonly Name[];
  /** Debian packages that they have from the beginning, beside systemd */
  readonly packages?: readonly string[];
  /** the same of single ones */
  readonly more?: { readonly [name in Name]?: readonly string[] };
  readonly release?: string;
}

export interface Machines<Name extends string> {
  readonly at: Readonly<Record<Name, Machine>>;
  readonly all: readonly Machine[];
  readonly network: Network;
}

const DOMAIN = 'lab.test';
let made = 0;

/** Boots them all. */
export async function machines<Name extends string>(
  test: TestContext,
  options: MachinesOptions<Name>,
): Promise<Machines<Name>> {
  const { names, packages = [], more, release } = options;
  const trees = new Map<Name, string>();
  for (const name of names)
    trees.set(name, await systemTree([...packages, ...(more?.[name] ?? [])], release));
  const network = new Network(names);
  removeLeftovers();
  const base = fs.mkdtempSync(join(tmpdir(), `csyt-${process.pid}-`));
  const id = `csyt-${process.pid}-${made++}`;
  const hosts = names.map((name) => `${network.address(name)} ${name}.${DOMAIN} ${name}\n`).join('');
  const all = names.map((name) => {
    const machine = new Machine({
      name,
      address: network.address(name),
      tree: trees.get(name) ?? '',
      dir: join(base, name),
      namespace: network.namespacePath(name),
      id: `${id}-${name}`,
    });
    machine.put('/etc/hosts', `127.0.0.1 localhost\n${hosts}`);
    machine.put('/etc/hostname', `${name}\n`);
    machine.put('/etc/machine-id', '');
    // A journal that outlives it, for its last words.
    machine.put('/var/log/journal/.keep', '');
    return machine;
  });
  test.after(async () => {
    if (!test.passed) for (const machine of all) console.error(machine.lastWords());
    await Promise.all(all.map((machine) => machine.destroy()));
    network.destroy();
    fs.rmSync(base, { recursive: true, force: true });
  });
  await Promise.all(all.map((machine) => machine.boot()));
  return {
    at: Object.fromEntries(all.map((machine) => [machine.name, machine])) as Record<Name, Machine>,
    all,
    network,
  };
}

/** What tests left behind that were killed before they could clean up: what ran there ended with its network. */
function removeLeftovers(): void {
  for (const mount of fs.readFileSync('/proc/self/mounts', 'latin1').split('\n')) {
    const [, root = ''] = mount.split(' ');
    const [, base, pid] = new RegExp(`^(${tmpdir()}/csyt-(\\d+)-[^/]+)/[^/]+/root$`).exec(root) ?? [];
    if (base === undefined || fs.existsSync(`/proc/${pid}`)) continue;
    attempt('umount', '-l', root);
    attempt('rm', '-rf', '--one-file-system', base);
  }
}
