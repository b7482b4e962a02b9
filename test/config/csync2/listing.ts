/** What the real csync2 selects: its own listing (`-o -r`) of a directory under a given csync2.cfg. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '../../kit/temp-dir.ts';

const HOST = 'h1';

const system = makeTempDir();
export const keyFile = join(system, 'key');
writeFileSync(keyFile, `${'k'.repeat(64)}\n`);

/** The statements that every block needs. */
export const BLOCK_HEAD = `host "${HOST}" "h2"; key "${keyFile}";`;

/** Byte strings in and out; the names are those of csync2, in order. `host` is who lists. */
export function listSelected(cfg: string, dir: string, host = HOST): string[] {
  writeFileSync(join(system, 'csync2.cfg'), cfg, 'latin1');
  const args = ['-N', host, '-D', system, '-o', '-r', '--', dir];
  const env = { ...process.env, CSYNC2_SYSTEM_DIR: system };
  // By way of xargs, because an argument of ours could not hold bytes that are not UTF-8.
  const input = Buffer.from(`${args.join('\0')}\0`, 'latin1');
  const ran = spawnSync('xargs', ['-0', 'csync2'], { env, input, encoding: 'latin1' });
  assert.equal(ran.stderr, '', `${ran.stderr}${cfg}`);
  return [...new Set(ran.stdout.split('\n').slice(0, -1))].sort();
}

/** Paths (byte strings; directories end in `/`) made anew below a directory. */
export function makeTree(dir: string, paths: readonly string[]): void {
  rmSync(bytes(dir), { recursive: true, force: true });
  mkdirSync(bytes(dir), { recursive: true });
  for (const path of paths) {
    const full = `${dir}/${path}`;
    const isDir = path.endsWith('/');
    mkdirSync(bytes(isDir ? full : full.slice(0, full.lastIndexOf('/'))), { recursive: true });
    if (!isDir) writeFileSync(bytes(full), '');
  }
}

/** All that a walk comes by which enters only what it selects, the root as `''`. */
export function walk(dir: string, selects: (path: string, isDir: boolean) => boolean, path = ''): string[] {
  const inside = readdirSync(bytes(path === '' ? dir : `${dir}/${path}`), {
    withFileTypes: true,
    encoding: 'buffer',
  });
  const found = inside.flatMap((entry) => {
    const name = entry.name.toString('latin1');
    const below = path === '' ? name : `${path}/${name}`;
    if (!selects(below, entry.isDirectory())) return [];
    return entry.isDirectory() ? walk(dir, selects, below) : [below];
  });
  return [path, ...found];
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}
