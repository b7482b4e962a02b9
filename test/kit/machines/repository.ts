/** A package repository on a machine that has no network: a directory with an index. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import type { Machine } from './machine.ts';

const CACHE = '/var/cache/csyncd-test/packages';

/** Into /opt/repository of the machine: these files, and these packages of Debian without what they depend on. */
export function offer(machine: Machine, files: readonly string[], packages: readonly string[]): void {
  const place = join(machine.root, 'opt/repository');
  fs.mkdirSync(place, { recursive: true });
  for (const file of [...files, ...packages.map(downloaded)])
    fs.copyFileSync(file, join(place, basename(file)));
  const index = execFileSync('dpkg-scanpackages', ['--multiversion', '.'], {
    cwd: place,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  fs.writeFileSync(join(place, 'Packages'), index);
}

/** The same package as a later version, in `dir`. */
export function newer(deb: string, version: string, dir: string): string {
  const tree = join(dir, 'newer');
  execFileSync('dpkg-deb', ['--raw-extract', deb, tree]);
  const control = join(tree, 'DEBIAN/control');
  fs.writeFileSync(
    control,
    fs.readFileSync(control, 'utf8').replace(/^Version: .*$/m, `Version: ${version}`),
  );
  const made = join(dir, basename(deb).replace(/_[^_]+_/, `_${version}_`));
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, made], {
    stdio: 'ignore',
  });
  fs.rmSync(tree, { recursive: true });
  return made;
}

function downloaded(name: string): string {
  const found = (): string | undefined => fs.globSync(`${CACHE}/${name}_*.deb`)[0];
  fs.mkdirSync(CACHE, { recursive: true });
  if (found() === undefined)
    execFileSync('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], {
      cwd: CACHE,
      stdio: 'ignore',
    });
  const file = found();
  if (file === undefined) throw new Error(`apt-get download ${name} brought nothing`);
  return file;
}
