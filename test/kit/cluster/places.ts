/** The directories, keys and config files of a cluster's nodes. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, must } from './command.ts';
import type { Place } from './node.ts';

/** What the mappings' directories are on: the machine's disk, or a file system of the node's own. */
export type Disk =
  | { readonly kind: 'folder' }
  | { readonly kind: 'tmpfs'; readonly size: string }
  | { readonly kind: 'ext4'; readonly size: string };

export interface PlaceOptions {
  readonly names: readonly string[];
  readonly address: (name: string) => string;
  /** keys of a mapping in the config, by its name */
  readonly mappings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** further keys of the group */
  readonly group: Readonly<Record<string, unknown>>;
  /** further keys of hosts, by name */
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** further keys at the top */
  readonly config: Readonly<Record<string, unknown>>;
  readonly disks: Readonly<Record<string, Disk>>;
  /** what a node's state directory is on */
  readonly states: Readonly<Record<string, Disk>>;
}

const PREFIX = 'csyt';

export class Places {
  readonly base: string;
  constructor() {
    removeLeftovers();
    this.base = fs.mkdtempSync(join(tmpdir(), `${PREFIX}-${process.pid}-`));
  }

  make(options: PlaceOptions): Place[] {
    const key = randomBytes(48).toString('base64url').replaceAll('-', '.');
    return options.names.map((name) => this.#place(name, key, options));
  }

  /** Unmounts and removes everything. Never throws. */
  destroy(): void {
    remove(this.base);
  }

  #place(name: string, key: string, options: PlaceOptions): Place {
    const dir = join(this.base, name);
    const disk = join(dir, 'disk');
    fs.mkdirSync(disk, { recursive: true });
    mount(disk, options.disks[name] ?? { kind: 'folder' });
    const rootOf = (node: string, mapping: string) => join(this.base, node, 'disk', mapping);
    const mappings = Object.entries(options.mappings).map(([mapping, keys]) => {
      const paths = Object.fromEntries(options.names.map((node) => [node, rootOf(node, mapping)]));
      return [mapping, { path: rootOf(name, mapping), paths, ...keys }];
    });
    const names = Object.keys(options.mappings);
    for (const mapping of names) fs.mkdirSync(rootOf(name, mapping));
    const keyFile = join(dir, 'web.key');
    fs.writeFileSync(keyFile, `${key}\n`, { mode: 0o600 });
    const hosts = options.names.map((host) => ({
      name: host,
      address: options.address(host),
      ...options.hosts[host],
    }));
    const stateDir = join(dir, 'state');
    const controlSocket = join(dir, 'control.sock');
    fs.mkdirSync(stateDir);
    mount(stateDir, options.states[name] ?? { kind: 'folder' });
    const config = {
      node: name,
      state_dir: stateDir,
      control_socket: controlSocket,
      log: { level: 'debug', format: 'json' },
      ...options.config,
      groups: { web: { key_file: keyFile, hosts, ...options.group, mappings: Object.fromEntries(mappings) } },
    };
    const configFile = join(dir, 'csyncd.yaml');
    // JSON is YAML.
    fs.writeFileSync(configFile, JSON.stringify(config, null, 2));
    return {
      name,
      dir,
      configFile,
      stateDir,
      controlSocket,
      roots: Object.fromEntries(names.map((mapping) => [mapping, rootOf(name, mapping)])),
    };
  }
}

function mount(at: string, disk: Disk): void {
  if (disk.kind === 'folder') return;
  if (disk.kind === 'tmpfs') {
    must('mount', ['-t', 'tmpfs', '-o', `size=${disk.size}`, 'tmpfs', at]);
  } else {
    const image = `${at}.image`;
    must('truncate', ['-s', disk.size, image]);
    must('mkfs.ext4', ['-q', '-m', '0', image]);
    must('mount', ['-o', 'loop', image, at]);
  }
}

function remove(base: string): void {
  for (const line of fs.readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, at = ''] = line.split(' ');
    if (at.startsWith(`${base}/`)) attempt('umount', '--lazy', at);
  }
  attempt('rm', '-rf', base);
}

/** What test processes left behind that were killed before they could clean up. */
function removeLeftovers(): void {
  for (const name of fs.readdirSync(tmpdir())) {
    const [prefix, pid] = name.split('-');
    if (prefix === PREFIX && !fs.existsSync(`/proc/${pid}`)) remove(join(tmpdir(), name));
  }
}
