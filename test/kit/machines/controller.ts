/** From where Ansible deploys: this host, at a machine's place in the network, over ssh. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../cluster/command.ts';
import type { Network } from '../cluster/network.ts';
import type { Machine } from './machine.ts';

/** What Ansible needs there, and what csyncd and csync2 depend on: they themselves are what is deployed. */
export const MANAGED = [
  'openssh-server',
  'python3',
  'python3-apt',
  'libatomic1',
  'librsync2',
  'libsqlite3-0',
  'libgnutls30',
  'netbase',
];
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const COLLECTION = join(ROOT, 'ansible');
const BOUND_MS = 600_000;

/** A run of a play. */
export interface Played {
  readonly code: number | null;
  readonly output: string;
  /** by host, the counts of the recap: ok, changed, unreachable, failed, skipped, rescued, ignored */
  readonly recap: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Controller {
  /** Writes a file as JSON, which is YAML too. The inventory is in `inventory/`. */
  write(name: string, content: object): void;
  /** Writes a file that only `ansible-vault`'s password opens. */
  vault(name: string, content: object): void;
  /** To read it in a play. */
  readonly vaultArgs: readonly string[];
  play(playbook: string, ...args: readonly string[]): Promise<Played>;
  /** What somebody types who has nothing of csyncd yet, in an empty directory. */
  sh(lines: string): Promise<Played>;
}

/** Where `ansible-playbook` finds the collection as it stands here. */
export function collectionsPath(dir: string): string {
  const place = join(dir, 'ansible_collections/csyncd');
  fs.mkdirSync(place, { recursive: true });
  fs.symlinkSync(COLLECTION, join(place, 'csyncd'));
  return dir;
}

/** The command line in front of one that runs in a tree, which it cannot change. */
function within(tree: string, cwd: string): string[] {
  const script = `
    set -e
    mount -t tmpfs none /mnt
    mkdir /mnt/upper /mnt/work /mnt/root
    mount -t overlay -o lowerdir='${tree}',upperdir=/mnt/upper,workdir=/mnt/work none /mnt/root
    for path in /dev /proc /tmp '${ROOT}'; do
      mkdir -p "/mnt/root$path"
      mount --rbind "$path" "/mnt/root$path"
    done
    exec chroot /mnt/root sh -c 'cd "$0" && exec "$@"' '${cwd}' "$@"`;
  return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
}

function recapOf(output: string): Played['recap'] {
  const lines = output.slice(output.lastIndexOf('PLAY RECAP')).matchAll(/^(\S+)\s+: (ok=.*)$/gm);
  return Object.fromEntries(
    [...lines].map(([, host = '', counts = '']) => [
      host,
      Object.fromEntries([...counts.matchAll(/(\w+)=(\d+)/g)].map(([, name, n]) => [name, Number(n)])),
    ]),
  );
}

/**
 * Of machines that have the packages MANAGED. With `tree` Ansible is that of another Debian system (`systemTree`), which sees
 * this host's /tmp, this repository and nothing else of it.
 */
export function controller(
  test: TestContext,
  place: string,
  network: Network,
  all: readonly Machine[],
  tree?: string,
): Controller {
  const dir = fs.mkdtempSync(join(tmpdir(), 'csyncd-controller-'));
  test.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  const key = join(dir, 'id');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  for (const machine of all) {
    machine.put('/root/.ssh/authorized_keys', fs.readFileSync(`${key}.pub`), 0o600);
    // What Debian's servers have is out of reach.
    machine.put('/etc/apt/sources.list', '');
  }
  const environment = [
    `HOME=${dir}`,
    'LANG=C.UTF-8',
    'ANSIBLE_NOCOLOR=1',
    'ANSIBLE_HOST_KEY_CHECKING=False',
    'ANSIBLE_REMOTE_USER=root',
    `ANSIBLE_PRIVATE_KEY_FILE=${key}`,
    'ANSIBLE_PIPELINING=True',
    // The connections that are kept end with the network that they are in.
    `ANSIBLE_SSH_CONTROL_PATH_DIR=${join(dir, 'ssh')}`,
    'ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR',
  ];
  const here = [
    `ANSIBLE_COLLECTIONS_PATH=${collectionsPath(join(dir, 'collections'))}`,
    `ANSIBLE_INVENTORY=${join(dir, 'inventory')}`,
  ];
  const runs = async (...command: readonly string[]): Promise<Played> => {
    const entered = tree === undefined ? [] : within(tree, dir);
    const line = ['env', ...environment, ...entered, ...command];
    const { code, stdout, stderr } = await run(network.at(place, line), {
      boundMs: BOUND_MS,
      cwd: dir,
    });
    return { code, output: stdout + stderr, recap: recapOf(stdout) };
  };
  const write: Controller['write'] = (name, content) => {
    const file = join(dir, name);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
  };
  const password = join(dir, 'password');
  fs.writeFileSync(password, 'a password\n', { mode: 0o600 });
  const vaultArgs = ['--vault-password-file', password];
  return {
    write,
    vaultArgs,
    vault: (name, content) => {
      write(name, content);
      execFileSync('ansible-vault', ['encrypt', ...vaultArgs, name], { cwd: dir, stdio: 'ignore' });
    },
    play: (playbook, ...args) => runs(...here, 'ansible-playbook', playbook, ...args),
    sh: (lines) => runs('bash', '-e', '-c', lines),
  };
}
