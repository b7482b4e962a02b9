/** Three nodes on loopback, below one temporary folder. */
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeGroupKey } from '../../config/key.ts';
import { CsyncdError } from '../../util/errors.ts';
import { DemoNode } from './node.ts';

export const NAMES = ['web1', 'web2', 'web3'] as const;
const START_MS = 60_000;

export interface Cluster {
  readonly folder: string;
  readonly nodes: readonly DemoNode[];
  /** Stops the daemons and removes the folder. */
  end(): Promise<void>;
}

/** Writes configs and keys, starts the daemons; resolves when each has compared its tree and reached the others. */
export async function startCluster(signal: AbortSignal): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'csyncd-demo-'));
  const nodes: DemoNode[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ports = await freePorts(NAMES.length);
    const key = join(folder, 'group.key');
    writeGroupKey(key);
    for (const [index, name] of NAMES.entries()) {
      const place = join(folder, name);
      mkdirSync(place, { mode: 0o700 });
      const node = new DemoNode(name, place);
      copyFileSync(key, join(place, 'group.key'));
      writeFileSync(node.config, configOf(folder, name, ports, ports[index] ?? 0));
      nodes.push(node);
    }
    rmSync(key);
    for (const node of nodes) node.start();
    await ready(nodes, signal);
    return { folder, nodes, end };
  } catch (error) {
    await end();
    throw error;
  }
}

// YAML reads JSON, and JSON quotes whatever a temporary folder may be called.
function configOf(folder: string, name: string, ports: readonly number[], port: number): string {
  const place = join(folder, name);
  const root = (node: string): string => join(folder, node, 'files');
  const config = {
    node: name,
    listen: `127.0.0.1:${port}`,
    state_dir: join(place, 'state'),
    control_socket: join(place, 'control.sock'),
    log: { level: 'info', format: 'json' },
    groups: {
      demo: {
        key_file: join(place, 'group.key'),
        hosts: NAMES.map((host, index) => ({ name: host, address: '127.0.0.1', port: ports[index] })),
        mappings: {
          shared: {
            path: root(NAMES[0]),
            paths: Object.fromEntries(NAMES.slice(1).map((node) => [node, root(node)])),
          },
        },
      },
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Ports that were free a moment ago: all held at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function ready(nodes: readonly DemoNode[], signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (const node of nodes) {
    while (!(await isHealthy(node))) {
      signal.throwIfAborted();
      node.assertRunning();
      if (Date.now() > deadline) throw new CsyncdError('demo', `${node.name} did not get ready in time`);
      await delay(50);
    }
  }
}

async function isHealthy(node: DemoNode): Promise<boolean> {
  try {
    return (await node.client.call('status', {})).state === 'ok';
  } catch {
    return false;
  }
}
