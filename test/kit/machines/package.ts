/** The package as `npm run package` makes it: built once a run of the tests. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from './machine.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export function debFile(): string {
  const given = process.env['CSYNCD_DEB'];
  if (given !== undefined) return given;
  execFileSync('node', ['packaging/build.ts', '--fast'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [name] = fs.globSync('build/*.deb', { cwd: ROOT });
  if (name === undefined) throw new Error('npm run package made no .deb');
  process.env['CSYNCD_DEB'] = resolve(ROOT, name);
  return process.env['CSYNCD_DEB'];
}

/** Puts the package onto a machine and @returns its path there. */
export function bring(machine: Machine, deb: string): string {
  const path = `/root/${basename(deb)}`;
  fs.copyFileSync(deb, `${machine.root}${path}`);
  return path;
}
