/** Three hosts for programs that are not csyncd: a network and a directory each, and a view of the file system if they need one. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { run } from '../../test/kit/cluster/command.ts';
import { Network } from '../../test/kit/cluster/network.ts';
import { until } from '../../test/kit/cluster/until.ts';
import { inView, makeView } from '../../test/kit/hosts/view.ts';
import { makeFolder, onExit } from '../kit/cleanup.ts';
import { HOSTS, ORIGIN } from './contestant.ts';
import type { HostName } from './contestant.ts';

const BOUND_MS = 3_600_000;

export class Hosts {
  readonly folder: string;
  readonly network: Network;
  readonly roots: Readonly<Record<HostName, string>>;
  readonly stage: string;
  readonly #undo: readonly (() => void)[];
  /** who keeps a host's own view */
  readonly #holders = new Map<HostName, number>();

  constructor(dir: string) {
    const { folder, remove } = makeFolder(dir);
    this.folder = folder;
    this.network = new Network(HOSTS);
    this.#undo = [onExit(() => this.network.destroy()), remove];
    this.roots = { a: this.dir('a', 'root'), b: this.dir('b', 'root'), c: this.dir('c', 'root') };
    this.stage = this.dir('stage');
  }

  dir(...path: readonly string[]): string {
    const dir = join(this.folder, ...path);
    fs.mkdirSync(dir, { recursive: true });
    return dir;
  }

  /**
   * Gives a host its own name, and its own files and directories in place of the machine's, as a mount namespace that a process
   * which does nothing keeps. What is run there from now on sees it so.
   *
   * @param views path on the machine → path of what the host sees there instead
   */
  async separate(host: HostName, views: Readonly<Record<string, string>>): Promise<void> {
    const ready = join(this.folder, host, 'ready');
    const { pid } = this.launch(host, 'view', makeView(host, ready, views));
    await until(`${host} has its own view`, () => fs.existsSync(ready));
    if (pid !== undefined) this.#holders.set(host, pid);
  }

  /** The name and address of each host, as in /etc/hosts. */
  names(): string {
    return HOSTS.map((name) => `${this.network.address(name)} ${name}\n`).join('');
  }

  /** Runs a program at a host to its end; throws when it fails. */
  async must(host: HostName, command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(this.#at(host, command), { boundMs: BOUND_MS });
    if (code === 0) return stdout;
    throw new Error(`${command.join(' ')} at ${host}: exit ${code}\n${stdout}${stderr}`);
  }

  /** Starts a program that stays until the end; what it says is in a log beside its directory. */
  launch(host: HostName, name: string, command: readonly string[]): ChildProcess {
    const [program = '', ...args] = this.#at(host, command);
    const log = fs.openSync(join(this.folder, host, `${name}.log`), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    if (child.pid === undefined) throw new Error(`cannot run ${program}`);
    return child;
  }

  /** Bytes over the origin's wire so far, both ways. */
  wireBytes(): number {
    const { sentBytes, receivedBytes } = this.network.traffic(ORIGIN);
    return sentBytes + receivedBytes;
  }

  destroy(): void {
    for (const undo of this.#undo) undo();
  }

  #at(host: HostName, command: readonly string[]): string[] {
    const holder = this.#holders.get(host);
    return this.network.at(host, holder === undefined ? command : inView(holder, command));
  }
}
