/** One booted Debian system: systemd is its first process, in a container with a network, a tree and cgroups of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt, must, run, type Finished } from '../cluster/command.ts';
import { until } from '../cluster/until.ts';

export interface MachineParts {
  readonly name: string;
  readonly address: string;
  /** what it is booted from, and never changes */
  readonly tree: string;
  /** for what it writes */
  readonly dir: string;
  /** path of its network namespace */
  readonly namespace: string;
  /** unique on this host */
  readonly id: string;
}

const HIERARCHIES = ['systemd', 'unified', 'pids'].map((name) => `/sys/fs/cgroup/${name}`);
const NAMESPACES = ['-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w'];
const BOOT_MS = 120_000;
const RUN_MS = 600_000;

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly root: string;
  readonly #parts: MachineParts;
  #container: ChildProcess | null = null;
  #console = '';

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.address = parts.address;
    this.root = join(parts.dir, 'root');
    for (const part of ['up', 'work', 'root', 'data'])
      fs.mkdirSync(join(parts.dir, part), { recursive: true });
    const layers = `lowerdir=${parts.tree},upperdir=${join(parts.dir, 'up')},workdir=${join(parts.dir, 'work')}`;
    must('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.root]);
  }

  /** What it keeps in /srv: a file system as machines have it, not the overlay that is its root. */
  get data(): string {
    return join(this.#parts.dir, 'data');
  }

  /** Resolves when systemd says that everything has been started. */
  async boot(): Promise<void> {
    if (this.#container !== null) throw new Error(`${this.name} is up`);
    const { id, namespace } = this.#parts;
    const groups = HIERARCHIES.filter((dir) => fs.existsSync(dir)).map((dir) => `${dir}/${id}`);
    for (const group of groups) fs.mkdirSync(group, { recursive: true });
    const nspawn = [
      'systemd-nspawn --quiet --boot --register=no --keep-unit --console=pipe --resolv-conf=off --link-journal=no',
      `--directory='${this.root}' --machine='${this.name}' --network-namespace-path='${namespace}'`,
      `--bind='${this.data}':/srv`,
      // A machine has no filter of its own in front of those of its units.
      '--system-call-filter=pidfd_getfd',
    ].join(' ');
    const enter = groups.map((group) => `echo $$ > '${group}/cgroup.procs'`).join('; ');
    const child = spawn('sh', ['-c', `${enter}; exec ${nspawn}`], {
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#container = child;
    this.#console = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#console += text));
    child.once('exit', () => {
      this.#container = null;
    });
    const explain = (): string => `${this.name} did not boot:\n${this.#console}`;
    await until(
      `${this.name} is up`,
      async () => {
        if (this.#container === null) throw new Error(explain());
        if (this.#init() === null) return false;
        const { stdout } = await this.run('systemctl', 'is-system-running');
        return /^(running|degraded)/.test(stdout);
      },
      { boundMs: BOOT_MS, explain },
    );
  }

  /** As after `poweroff`. */
  async shutDown(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** As when its power is cut, except that what was written is there afterwards. */
  async crash(): Promise<void> {
    const init = this.#init();
    if (init !== null) process.kill(init, 'SIGKILL');
    await this.#end('SIGKILL');
  }

  /** Runs a command there as root. */
  async run(...command: readonly string[]): Promise<Finished> {
    const init = this.#init();
    if (init === null) throw new Error(`${this.name} is not up`);
    const env = ['env', '-i', 'HOME=/root', 'LANG=C.UTF-8', `PATH=${SEARCHED}`];
    return await run(['nsenter', '-t', String(init), ...NAMESPACES, '--', ...env, ...command], {
      boundMs: RUN_MS,
    });
  }

  /** Runs a shell command there, as an administrator would type it; throws when it fails. @returns what it printed */
  async sh(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.run('bash', '-c', line);
    if (code !== 0) throw new Error(`${this.name}: ${line}: exit ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Writes a file of its system, whether it is up or not. */
  put(path: string, content: string | Buffer, mode = 0o644): void {
    const file = this.#place(path);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    fs.chmodSync(file, mode);
  }

  read(path: string): string {
    return fs.readFileSync(this.#place(path), 'utf8');
  }

  exists(path: string): boolean {
    return fs.existsSync(this.#place(path));
  }

  /** What it has said, for when a test has failed. */
  lastWords(): string {
    return `--- ${this.name}'s console:\n${this.#console.slice(-4_000)}\n--- journal:\n${attempt(
      'journalctl',
      '--no-pager',
      '-n',
      '200',
      '-D',
      join(this.root, 'var/log/journal'),
    )}${attempt('journalctl', '--no-pager', '-n', '200', '-D', join(this.root, 'run/log/journal'))}`;
  }

  /** Ends it and removes what it has written. Never throws. */
  async destroy(): Promise<void> {
    await this.crash().catch(() => undefined);
    attempt('umount', '-l', this.root);
    for (const dir of HIERARCHIES) removeGroup(`${dir}/${this.#parts.id}`);
    attempt('rm', '-rf', '--one-file-system', this.#parts.dir);
  }

  #place(path: string): string {
    return path.startsWith('/srv/') ? join(this.data, path.slice('/srv/'.length)) : join(this.root, path);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#container;
    if (child === null) return;
    child.kill(signal);
    await until(`${this.name} is down`, () => this.#container === null);
  }

  /** systemd's process, as this host sees it; null when there is none (yet). */
  #init(): number | null {
    const pid = this.#container?.pid;
    if (pid === undefined) return null;
    try {
      const [child] = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      return child === undefined || child === '' ? null : Number(child);
    } catch {
      return null;
    }
  }
}

const SEARCHED = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/puppetlabs/bin';

function removeGroup(group: string): void {
  if (!fs.existsSync(group)) return;
  for (const entry of fs.readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  attempt('rmdir', group);
}
