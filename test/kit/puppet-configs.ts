/** What the Puppet module writes for a manifest, without a machine. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './cluster/command.ts';
import { makeTempDir } from './temp-dir.ts';

const MODULE = fileURLToPath(new URL('../../puppet', import.meta.url));
const SCRIPT = fileURLToPath(new URL('puppet-configs.rb', import.meta.url));

/** A directory where the module has its name, as it must for autoloading. */
export function moduleDirectory(): string {
  const dir = makeTempDir();
  fs.symlinkSync(MODULE, join(dir, 'csyncd'));
  return dir;
}

/** The csyncd.yaml of each manifest. */
export function configsByPuppet(manifests: readonly string[]): string[] {
  const modules = moduleDirectory();
  const files = manifests.map((manifest, at) => {
    const file = join(modules, `${at}.pp`);
    fs.writeFileSync(file, manifest);
    return file;
  });
  const printed = must('ruby', ['-W0', SCRIPT, `${modules}:/usr/share/puppet/modules`, ...files]);
  return JSON.parse(printed) as string[];
}
