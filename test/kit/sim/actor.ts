/** A local process on a node: does one edit to the files, as far as it can be done. */
import { SysError } from '../../../src/sys/sys.ts';
import type { Disk } from './disk.ts';
import { SimFs } from './fs.ts';
import type { Edit } from './history.ts';

/** Never seen by anybody: an edit is done between two system calls of the engine. */
export const TEMP = '.new';

const encoder = new TextEncoder();

export class Actor {
  private readonly fs: SimFs;
  private readonly root: number;
  private held: number[] = [];

  constructor(disk: Disk) {
    this.fs = new SimFs(disk);
    this.root = this.fs.openRoot('/');
  }

  /** Does what can be done. Returns what a `late` write took from a file that has no name for users any more. */
  perform(edit: Edit): string | null {
    const [held] = this.held;
    const unseen = edit.do === 'late' && held !== undefined ? this.fs.textOfHidden(held) : null;
    try {
      this.attempt(edit);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
    return unseen;
  }

  /** The machine went down. */
  end(): void {
    this.fs.end();
    this.held = [];
  }

  private attempt(edit: Edit): void {
    const { fs } = this;
    switch (edit.do) {
      case 'write':
      case 'append':
        return this.inPlace(edit.path, edit.text, edit.do === 'append');
      case 'replace':
        return this.replace(edit.path, edit.text, edit.time);
      case 'truncate':
        return this.at(edit.path, false, (dir, name) => this.withFile(dir, name, (fd) => fs.truncate(fd, 0)));
      case 'remove':
        return this.at(edit.path, false, (dir, name) => fs.unlink(dir, name));
      case 'rmdir':
        return this.at(edit.path, false, (dir, name) => fs.rmdir(dir, name));
      case 'rmtree':
        return this.at(edit.path, false, (dir, name) => this.removeTree(dir, name));
      case 'mkfifo':
        return this.at(edit.path, true, (dir, name) => fs.mkfifo(dir, name, 0o644));
      case 'mkdir':
        return this.at(edit.path, true, (dir, name) => fs.mkdir(dir, name, edit.mode));
      case 'chmod':
        return this.at(edit.path, false, (dir, name) => fs.chmodAt(dir, name, edit.mode));
      case 'touch':
        return this.at(edit.path, false, (dir, name) => fs.lutimes(dir, name, seconds(edit.time)));
      case 'symlink':
        return this.at(edit.path, true, (dir, name) => this.symlink(dir, name, edit.text));
      case 'move':
        return this.two(edit.path, edit.to, (from, name, to, toName) =>
          fs.rename(from, name, to, toName, 'replace'),
        );
      case 'copy':
        if (`${edit.to}/`.startsWith(`${edit.path}/`)) return;
        return this.two(edit.path, edit.to, (from, name, to, toName) => this.copy(from, name, to, toName));
      case 'link':
        return this.two(edit.path, edit.to, (from, name, to, toName) => fs.link(from, name, to, toName));
      case 'hold':
        return this.at(edit.path, false, (dir, name) => void this.held.push(fs.openFileRw(dir, name)));
      case 'late':
        return this.late(edit.text);
    }
  }

  private inPlace(path: string, text: string, append: boolean): void {
    this.at(path, true, (dir, name) => {
      const there = this.fs.lstat(dir, name);
      if (there !== null && there.kind !== 'file') return;
      const fd = there === null ? this.newFile(dir, name) : this.fs.openFileRw(dir, name);
      try {
        if (!append) this.fs.truncate(fd, 0);
        this.fs.write(fd, encoder.encode(text), append ? this.fs.fstat(fd).size : 0);
      } finally {
        this.fs.close(fd);
      }
    });
  }

  private newFile(dir: number, name: string): number {
    const fd = this.fs.createFile(dir, name);
    this.fs.fchmod(fd, 0o644);
    return fd;
  }

  private replace(path: string, text: string, time: number | null): void {
    this.at(path, true, (dir, name) => {
      const fd = this.newFile(this.root, TEMP);
      try {
        this.fs.write(fd, encoder.encode(text), 0);
        if (time !== null) this.fs.futimes(fd, seconds(time));
        this.fs.rename(this.root, TEMP, dir, name, 'replace');
      } finally {
        this.fs.close(fd);
        if (this.fs.lstat(this.root, TEMP) !== null) this.fs.unlink(this.root, TEMP);
      }
    });
  }

  private symlink(dir: number, name: string, target: string): void {
    const there = this.fs.lstat(dir, name);
    if (there !== null && there.kind !== 'symlink') return;
    if (there !== null) this.fs.unlink(dir, name);
    this.fs.symlink(target, dir, name);
  }

  private copy(from: number, name: string, to: number, toName: string): void {
    const stat = this.fs.lstat(from, name);
    if (stat === null) return;
    if (stat.kind === 'symlink') return this.symlink(to, toName, this.fs.readlink(from, name));
    if (stat.kind === 'file') return this.copyFile(from, name, to, toName, stat.mtimeNs);
    if (stat.kind !== 'dir') return;
    if (this.fs.lstat(to, toName) === null) this.fs.mkdir(to, toName, stat.mode);
    const [source, target] = [this.fs.openDir(from, name), this.fs.openDir(to, toName)];
    for (const entry of this.fs.list(source)) this.copy(source, entry.name, target, entry.name);
    this.fs.close(source);
    this.fs.close(target);
  }

  private copyFile(from: number, name: string, to: number, toName: string, mtimeNs: bigint): void {
    const there = this.fs.lstat(to, toName);
    if (there !== null && there.kind !== 'file') return;
    const source = this.fs.openFile(from, name);
    const buffer = new Uint8Array(this.fs.fstat(source).size);
    this.fs.read(source, buffer, 0);
    this.fs.close(source);
    const fd = there === null ? this.newFile(to, toName) : this.fs.openFileRw(to, toName);
    this.fs.truncate(fd, 0);
    this.fs.write(fd, buffer, 0);
    this.fs.futimes(fd, mtimeNs);
    this.fs.close(fd);
  }

  private removeTree(dir: number, name: string): void {
    if (this.fs.lstat(dir, name)?.kind !== 'dir') return this.fs.unlink(dir, name);
    const below = this.fs.openDir(dir, name);
    for (const entry of this.fs.list(below)) this.removeTree(below, entry.name);
    this.fs.close(below);
    this.fs.rmdir(dir, name);
  }

  private late(text: string): void {
    const fd = this.held.shift();
    if (fd === undefined) return;
    this.fs.truncate(fd, 0);
    this.fs.write(fd, encoder.encode(text), 0);
    this.fs.close(fd);
  }

  private withFile(dir: number, name: string, body: (fd: number) => void): void {
    const fd = this.fs.openFileRw(dir, name);
    body(fd);
    this.fs.close(fd);
  }

  /** Opens the directory of a path, making it where asked to. */
  private at(path: string, make: boolean, body: (dir: number, name: string) => void): void {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let dir = this.fs.openDir(this.root, '');
    try {
      for (const name of names) {
        if (make && this.fs.lstat(dir, name) === null) this.fs.mkdir(dir, name, 0o755);
        const next = this.fs.openDir(dir, name);
        this.fs.close(dir);
        dir = next;
      }
      body(dir, last);
    } finally {
      this.fs.close(dir);
    }
  }

  private two(
    path: string,
    to: string,
    body: (from: number, name: string, to: number, toName: string) => void,
  ): void {
    this.at(path, false, (from, name) => {
      if (this.fs.lstat(from, name) === null) return;
      this.at(to, true, (dir, toName) => body(from, name, dir, toName));
    });
  }
}

function seconds(time: number): bigint {
  return BigInt(time) * 1_000_000_000n;
}
