import { execFileSync } from 'node:child_process';
import { after } from 'node:test';
import { sysConformance } from '../kit/sys-conformance.ts';
import { adapters } from './adapters.ts';
import { mountExt4, mountTmpfs } from './mounts.ts';

process.umask(0o022);

for (const [fileSystem, mount] of [
  ['ext4', mountExt4],
  ['tmpfs', mountTmpfs],
] as const) {
  const mounted = mount();
  after(() => mounted.unmount());
  for (const { name, sys } of adapters()) {
    const make = () => {
      const root = mounted.newDir();
      // node:fs cannot remove paths longer than PATH_MAX; rm can.
      return { sys, root, dispose: () => execFileSync('rm', ['-rf', root]) };
    };
    sysConformance(`${name} on ${fileSystem}`, make, { exchange: name === 'native' });
  }
}
