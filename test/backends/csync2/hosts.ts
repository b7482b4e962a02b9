/**
 * Hosts with a real csync2 each: a system directory, a database and a tree of its own (as csync2 name `%p%`), at loopback
 * addresses that no other test uses. csync2 binds to its own address for serving and for calling.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { listeningSocket } from '../../../src/backends/csync2/listening.ts';
import { Csync2Program, type ProgramSettings } from '../../../src/backends/csync2/program.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';
import { must } from '../../kit/cluster/command.ts';
import { until } from '../../kit/cluster/until.ts';

/** Of this process alone: sessions at the port, at whatever address, make a look put off what it finds. */
export const PORT = 10_000 + (process.pid % 20_000);
export const KEY = `${'k'.repeat(64)}\n`;
let made = 0;

interface Config {
  /** statements in front of the group */
  readonly top?: string;
  /** statements in the group */
  readonly group?: string;
  /** its host statement; all hosts by default */
  readonly hosts?: string;
  readonly tls?: boolean;
}

export class Csync2Host {
  readonly address = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid & 255}.${++made}`;
  readonly dir = makeTempDir();
  readonly root = join(this.dir, 'tree');
  readonly databaseDir = join(this.dir, 'db');
  readonly databaseFile = join(this.databaseDir, `${this.address}.db3`);
  #listener: ChildProcess | null = null;

  constructor() {
    fs.mkdirSync(this.root);
    fs.mkdirSync(this.databaseDir);
    this.setKey(KEY);
  }

  program(settings: Partial<ProgramSettings> = {}): Csync2Program {
    return new Csync2Program({
      binary: 'csync2',
      systemDir: this.dir,
      configName: null,
      host: this.address,
      databaseDir: this.databaseDir,
      port: PORT,
      args: [],
      ...settings,
    });
  }

  setKey(key: string): void {
    fs.writeFileSync(join(this.dir, 'group.key'), key, { mode: 0o600 });
  }

  configure(hosts: readonly Csync2Host[], config: Config = {}): void {
    const roots = hosts.map(({ address, root }) => `on ${address}: ${root};`).join(' ');
    const names = config.hosts ?? `host ${hosts.map(({ address }) => address).join(' ')};`;
    fs.writeFileSync(
      join(this.dir, 'csync2.cfg'),
      `${config.tls === true ? '' : 'nossl * *;'} ${config.top ?? ''}
      prefix p { ${roots} }
      group g { ${names} key group.key; include %p%; ${config.group ?? ''} }\n`,
    );
  }

  /** @param path a byte path below the root; directories in front of it are made */
  write(path: string, content: string): void {
    const file = Buffer.from(join(this.root, path), 'latin1');
    fs.mkdirSync(file.subarray(0, file.lastIndexOf(0x2f)), { recursive: true });
    fs.writeFileSync(file, content);
  }

  /** @param path a byte path below the root */
  setTime(path: string, seconds: number): void {
    fs.utimesSync(Buffer.from(join(this.root, path), 'latin1'), seconds, seconds);
  }

  remove(path: string): void {
    fs.rmSync(join(this.root, path), { recursive: true });
  }

  /** Takes up everything in the tree. */
  async check(): Promise<void> {
    await this.program().run({ args: ['-cr'], paths: [this.root] });
  }

  /** A self-signed certificate as an administrator makes it. */
  makeCertificate(subject: string): void {
    const files = [
      '-keyout',
      join(this.dir, 'csync2_ssl_key.pem'),
      '-out',
      join(this.dir, 'csync2_ssl_cert.pem'),
    ];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    must('openssl', ['req', '-x509', ...kind, '-nodes', '-days', '99', '-subj', subject, ...files]);
  }

  /** @param under a command that starts it as itself (`strace -D`) */
  async listen(under: readonly string[] = []): Promise<void> {
    const program = this.program();
    // A test that is killed leaves none behind.
    const args = ['--pdeathsig', 'KILL', '--', ...under, ...program.command(['-ii', '-v'])];
    const child = spawn('setpriv', args, {
      env: { ...process.env, ...program.environment() },
      stdio: 'ignore',
      detached: true,
    });
    this.#listener = child;
    await until('csync2 listens', () => listeningSocket(child.pid ?? 0) !== null);
  }

  close(): void {
    const pid = this.#listener?.pid;
    this.#listener = null;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  }
}
