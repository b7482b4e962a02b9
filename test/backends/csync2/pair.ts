/**
 * Two real csync2 at loopback addresses that no other test uses, each with a tree of its own: as `%p%`, or at one path
 * that is another directory to each of them (a mount namespace).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '../../../src/backends/csync2/comparison.ts';
import { Incoming } from '../../../src/backends/csync2/incoming.ts';
import { Table } from '../../../src/backends/csync2/table.ts';
import { YoungFiles } from '../../../src/backends/csync2/young-files.ts';
import { openSys } from '../../../src/sys/open.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import { until } from '../../kit/cluster/until.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { PORT } from './hosts.ts';
import { wallClock } from './recorder.ts';

const sys = openSys();

export class Host {
  readonly address: string;
  readonly dir = makeTempDir();
  readonly root = join(this.dir, 'tree');
  readonly incoming = new Incoming(PORT);
  readonly tree: Tree;
  #listener: ChildProcess | null = null;
  #heard = '';

  readonly #at: string | null;

  /** @param at the path at which it sees its tree; null: a prefix */
  constructor(index: number, at: string | null) {
    this.#at = at;
    this.address = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid & 255}.${index + 1}`;
    fs.mkdirSync(this.root);
    this.tree = {
      sys,
      rootPath: this.root,
      root: null,
      rootName: at ?? '%p%',
      selection: compileSelection({ exclude: [], include: [] }),
      rules: { ignoreUid: false, ignoreGid: false, ignoreMode: false, isPrefixed: at === null },
      table: new Table(join(this.dir, `${this.address}.db3`)),
      young: new YoungFiles(wallClock),
    };
  }

  at(path: string): string {
    return join(this.root, path);
  }

  /** The path by which csync2 knows one of the tree. */
  pathOf(path: string): string {
    return join(this.#at ?? this.root, path);
  }

  csync2(...args: string[]): string {
    const [program, ...more] = this.#command(args);
    return spawnSync(program, more, { env: this.#env(), encoding: 'latin1' }).stderr;
  }

  /** Resolves when it has ended. */
  async update(): Promise<void> {
    const [program, ...more] = this.#command(['-u']);
    await once(spawn(program, more, { env: this.#env(), stdio: 'ignore' }), 'exit');
  }

  async listen(): Promise<void> {
    const [program, ...more] = this.#command(['-ii', '-v']);
    const child = spawn(program, more, {
      env: this.#env(),
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#listener = child;
    child.stderr.setEncoding('latin1').on('data', (text: string) => (this.#heard += text));
    await until('csync2 listens', () => this.#heard.includes('Listening'));
  }

  close(): void {
    this.tree.table.close();
    if (this.#listener?.pid !== undefined) process.kill(-this.#listener.pid, 'SIGKILL');
  }

  #command(args: readonly string[]): [string, ...string[]] {
    const own = ['-N', this.address, '-D', this.dir, '-p', String(PORT), ...args];
    if (this.#at === null) return ['csync2', ...own];
    const script = 'mount --bind "$0" "$1" && shift && exec csync2 "$@"';
    return ['unshare', '--mount', 'sh', '-c', script, this.root, this.#at, ...own];
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, CSYNC2_SYSTEM_DIR: this.dir, LC_ALL: 'C' };
  }
}

/** Both know the same (empty) tree, and the second listens. */
export async function makePair(
  options: { readonly atOnePath?: boolean } = {},
): Promise<readonly [Host, Host]> {
  const at = options.atOnePath === true ? makeTempDir() : null;
  const pair = [new Host(0, at), new Host(1, at)] as const;
  const prefix = pair.map(({ address, root }) => `on ${address}: ${root};`).join(' ');
  const hosts = pair.map(({ address }) => address).join(' ');
  for (const host of pair) {
    fs.writeFileSync(join(host.dir, 'thekey'), `${'k'.repeat(64)}\n`, { mode: 0o600 });
    fs.writeFileSync(
      join(host.dir, 'csync2.cfg'),
      `nossl * *; prefix p { ${prefix} } group g { host ${hosts}; key thekey; include ${at ?? '%p%'}; }\n`,
    );
    host.csync2('-cIr', host.pathOf(''));
  }
  await pair[1].listen();
  return pair;
}
