/** Three hosts for programs that are not csyncd: a network and a directory each. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { run } from '../../test/kit/cluster/command.ts';
import { Network } from '../../test/kit/cluster/network.ts';
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

  /** Runs a program at a host to its end; throws when it fails. */
  async must(host: HostName, command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(this.network.at(host, command), { boundMs: BOUND_MS });
    if (code === 0) return stdout;
    throw new Error(`${command.join(' ')} at ${host}: exit ${code}\n${stdout}${stderr}`);
  }

  /** Starts a program that stays until the end; what it says is in a log beside its directory. */
  launch(host: HostName, name: string, command: readonly string[]): number {
    const [program = '', ...args] = this.network.at(host, command);
    const log = fs.openSync(join(this.folder, host, `${name}.log`), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    if (child.pid === undefined) throw new Error(`cannot run ${program}`);
    return child.pid;
  }

  /** Bytes over the origin's wire so far, both ways. */
  wireBytes(): number {
    const { sentBytes, receivedBytes } = this.network.traffic(ORIGIN);
    return sentBytes + receivedBytes;
  }

  destroy(): void {
    for (const undo of this.#undo) undo();
  }
}
