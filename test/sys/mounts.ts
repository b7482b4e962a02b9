/** File systems of their own for tests; root only. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Mounted {
  readonly path: string;
  /** A new empty directory on it. */
  newDir(): string;
  unmount(): void;
}

export function mountTmpfs(): Mounted {
  return mount((_folder, path) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'csyncd-test', path]),
  );
}

/** ext4 in a file, as it is on servers: 4 KiB blocks, times in nanoseconds. */
export function mountExt4(): Mounted {
  return mount((folder, path) => {
    const image = join(folder, 'image');
    writeFileSync(image, '');
    truncateSync(image, 128 * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', '-F', '-b', '4096', '-I', '256', image]);
    execFileSync('mount', ['-o', 'loop', image, path]);
  });
}

function mount(make: (folder: string, path: string) => void): Mounted {
  const folder = mkdtempSync(join(tmpdir(), 'csyncd-sys-'));
  const path = join(folder, 'mnt');
  mkdirSync(path);
  make(folder, path);
  return {
    path,
    newDir: () => mkdtempSync(join(path, 'case-')),
    unmount: () => {
      execFileSync('umount', ['-l', path]);
      rmdirSync(path);
      rmSync(folder, { recursive: true });
    },
  };
}
