/** A tree of files of every kind and name, and a real csync2 that records it. Nothing listens, nothing is sent. */
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { CheckRules } from '../../../src/backends/csync2/checktxt.ts';
import type { Tree } from '../../../src/backends/csync2/comparison.ts';
import { Table } from '../../../src/backends/csync2/table.ts';
import { YoungFiles } from '../../../src/backends/csync2/young-files.ts';
import { openSys } from '../../../src/sys/open.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import { makeTempDir } from '../../kit/temp-dir.ts';

const sys = openSys();

export const wallClock = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** As bytes, for what is not UTF-8. */
export function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** All that csync2 encodes, and what it does not. */
export const ODD_NAMES: readonly string[] = [
  'a b',
  '%41',
  '100%',
  '%',
  'q"q',
  "q'q",
  'line\nbreak',
  'tab\tcr\r',
  '\xc3\xbc',
  '\xff\xfe',
  '\x80',
  '$x',
  'a:b',
  'a|b',
  'b\\s',
  '\x01\x7f',
  '@;()#&~*?[x]',
  '-dash',
  'a-b',
  'a.b',
  'a0',
];

export class Recorder {
  readonly dir = makeTempDir();
  readonly root = join(this.dir, 'tree');
  readonly databaseFile = join(this.dir, 'db', 'a.db3');
  readonly rootName: string;
  readonly rules: CheckRules;

  /** @param config a `%p%` instead of the plain path; statements for the top of the config */
  constructor(config: { readonly isPrefixed?: boolean; readonly top?: string } = {}) {
    const isPrefixed = config.isPrefixed === true;
    const top = config.top ?? '';
    this.rootName = isPrefixed ? '%p%' : this.root;
    this.rules = {
      ignoreUid: top.includes('uid'),
      ignoreGid: top.includes('gid'),
      ignoreMode: top.includes('mod'),
      isPrefixed,
    };
    fs.mkdirSync(this.root);
    fs.mkdirSync(join(this.dir, 'db'));
    fs.writeFileSync(join(this.dir, 'key'), `${'k'.repeat(64)}\n`, { mode: 0o600 });
    fs.writeFileSync(
      join(this.dir, 'csync2.cfg'),
      `${top} prefix p { on *: ${this.root}; }
      group g { host a b c; key ${this.dir}/key; include ${this.rootName}; exclude ${this.rootName}/.csyncd; }\n`,
    );
  }

  write(path: string, content = 'x'): void {
    fs.writeFileSync(this.at(path), content);
  }

  /** @param path a byte path */
  at(path: string): Buffer {
    return bytes(path === '' ? this.root : `${this.root}/${path}`);
  }

  nameOf(path: string): string {
    return path === '' ? this.rootName : `${this.rootName}/${path}`;
  }

  /** All that is there, as byte paths, parents first. */
  paths(dir = ''): string[] {
    return fs.readdirSync(this.at(dir), { encoding: 'latin1', withFileTypes: true }).flatMap((entry) => {
      const path = dir === '' ? entry.name : `${dir}/${entry.name}`;
      return entry.isDirectory() ? [path, ...this.paths(path)] : [path];
    });
  }

  /** Runs csync2 over paths of the tree (byte strings); returns what it says. */
  csync2(args: readonly string[], paths: readonly string[]): string {
    const command = ['-0', '-r', 'csync2', '-N', 'a', '-D', join(this.dir, 'db'), '-v', ...args];
    const { status, stderr, error } = spawnSync('xargs', command, {
      env: { ...process.env, CSYNC2_SYSTEM_DIR: this.dir, LC_ALL: 'C' },
      input: Buffer.concat(paths.flatMap((path) => [this.at(path), Buffer.of(0)])),
    });
    if (error !== undefined) throw error;
    const said = stderr.toString('latin1');
    if (status !== 0) throw new Error(`csync2 ${args.join(' ')}: ${status} ${said}`);
    return said;
  }

  /** The names that a check found different. */
  marked(args: readonly string[], paths: readonly string[]): string[] {
    return [...this.csync2(args, paths).matchAll(/^Marking file as dirty: (.*)$/gm)].map(
      ([, name = '']) => name,
    );
  }

  /** Records all as it is, as the start of a mapping does. */
  record(): void {
    this.csync2(['-cIr'], ['']);
  }

  table(): Table {
    return new Table(this.databaseFile);
  }

  tree(more: Partial<Tree> = {}): Tree {
    return {
      sys,
      rootPath: this.root,
      root: null,
      rootName: this.rootName,
      selection: compileSelection({ exclude: [], include: [] }),
      rules: this.rules,
      table: this.table(),
      young: new YoungFiles(wallClock),
      ...more,
    };
  }
}

/** Every kind of file, odd owners, modes, times and targets; as root. */
export function makeEveryKind(recorder: Recorder): void {
  const at = (name: string): Buffer => recorder.at(name);
  for (const name of ODD_NAMES) recorder.write(name, name);
  fs.mkdirSync(at('dir'));
  fs.chmodSync(at('dir'), 0o7751);
  for (const name of ODD_NAMES) recorder.write(`dir/${name}`, name);
  recorder.write('suid');
  fs.chmodSync(at('suid'), 0o6711);
  recorder.write('owned');
  fs.chownSync(at('owned'), 4_294_967_294, 3_000_000_000);
  recorder.write('large');
  fs.truncateSync(at('large'), 5 * 2 ** 30);
  for (const [name, seconds] of Object.entries({ past: -5, fraction: -1.5, future: 2 ** 33 + 1, zero: 0 })) {
    recorder.write(name);
    fs.utimesSync(at(name), seconds, seconds);
  }
  const targets = ['x', '/etc', ...ODD_NAMES, 'x'.repeat(1023), '%'.repeat(1024), 'y'.repeat(4095)];
  for (const [index, target] of targets.entries()) fs.symlinkSync(bytes(target), at(`link ${index}`));
  execFileSync('mkfifo', ['-m', '0644', `${recorder.root}/fifo`]);
  execFileSync('mknod', ['-m', '0640', `${recorder.root}/null`, 'c', '1', '3']);
  execFileSync('mknod', ['-m', '0600', `${recorder.root}/disk`, 'b', '259', '1048575']);
  const bind = `require('net').createServer().listen(process.argv[1], () => process.exit())`;
  execFileSync(process.execPath, [
    '-e',
    `process.exit = process.reallyExit; ${bind}`,
    `${recorder.root}/socket`,
  ]);
}
