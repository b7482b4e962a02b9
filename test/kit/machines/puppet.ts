/** The Puppet module on a booted machine, applied as an administrator does without a server. */
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Finished } from '../cluster/command.ts';
import type { Machine } from './machine.ts';

const MODULE = fileURLToPath(new URL('../../../puppet', import.meta.url));
/** Of Puppet's exit codes: nothing to do, and something done without a failure. */
export const UNCHANGED = 0;
export const CHANGED = 2;

/** What a machine needs from Debian. */
export const PUPPET_PACKAGES = [
  'puppet-agent',
  'puppet-module-puppetlabs-stdlib',
  'puppet-module-puppetlabs-concat',
  'libatomic1',
];

export function bringModule(machine: Machine): void {
  const place = `${machine.root}/etc/puppet/code/modules/csyncd`;
  fs.cpSync(MODULE, place, { recursive: true, filter: (path) => !path.startsWith(`${MODULE}/spec`) });
}

export async function applyManifest(machine: Machine, manifest: string): Promise<Finished> {
  machine.put('/root/site.pp', manifest, 0o600);
  const flags = ['--detailed-exitcodes', '--color=false', '--show_diff'];
  const modules = '/etc/puppet/code/modules:/usr/share/puppet/modules';
  return await machine.run('puppet', 'apply', ...flags, '--modulepath', modules, '/root/site.pp');
}
