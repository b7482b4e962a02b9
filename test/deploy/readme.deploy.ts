/** The three ways of README.md from nothing to "it syncs", as their lines stand there, on systems that have nothing. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { COLLECTION, controller, MANAGED } from '../kit/machines/controller.ts';
import { equal } from '../kit/machines/csyncd.ts';
import type { Machine } from '../kit/machines/machine.ts';
import { machines, type Machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';
import { PUPPET_PACKAGES } from '../kit/machines/puppet.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const NAMES = ['web1', 'web2', 'web3'] as const;
const DIRECTORY = '/root/rollout';
type Three = Machines<(typeof NAMES)[number]>;
const ROOT = new URL('../..', import.meta.url).pathname;

/** The lines below a heading: ten at most. */
function linesBelow(heading: string): string {
  const readme = fs.readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, lines = ''] = new RegExp(`^### ${heading}\\n.*?^\`\`\`sh\\n(.*?)^\`\`\``, 'ms').exec(readme) ?? [];
  assert.ok(lines !== '' && lines.trimEnd().split('\n').length <= 10, `README.md, ${heading}:\n${lines}`);
  return lines;
}

/** web1 may log in everywhere, as an administrator may who rolls something out. */
function openDoors({ at: { web1 }, all }: Three): void {
  const key = join(makeTempDir(), 'id');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  for (const machine of all) machine.put('/root/.ssh/authorized_keys', fs.readFileSync(`${key}.pub`), 0o600);
  web1.put('/root/.ssh/id_ed25519', fs.readFileSync(key), 0o600);
  web1.put('/root/.ssh/config', 'StrictHostKeyChecking accept-new\n', 0o600);
}

async function booted(t: TestContext, packages: readonly string[]): Promise<Three> {
  const made = await machines(t, { names: NAMES, packages });
  openDoors(made);
  fs.mkdirSync(`${made.at.web1.root}${DIRECTORY}`);
  fs.copyFileSync(debFile(), `${made.at.web1.root}${DIRECTORY}/${packageName()}`);
  return made;
}

/** The package as README.md names it. */
function packageName(): string {
  const { version } = JSON.parse(fs.readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return `csyncd_${version}_amd64.deb`;
}

async function syncs({ web1, web2, web3 }: Three['at']): Promise<void> {
  await web2.sh('echo here > /srv/shared/file');
  const has = (machine: Machine): boolean => machine.exists('/srv/shared/file');
  await until('it syncs', () => has(web1) && has(web3));
  await equal(web3);
}

test('by one file', async (t) => {
  const made = await booted(t, ['libatomic1', 'openssh-server']);
  await made.at.web1.sh(`set -e; cd ${DIRECTORY}; ${linesBelow('One file')}`);
  await syncs(made.at);
});

test('by Puppet', async (t) => {
  const made = await booted(t, [...PUPPET_PACKAGES, 'openssh-server']);
  fs.cpSync(join(ROOT, 'puppet'), `${made.at.web1.root}${DIRECTORY}/puppet`, { recursive: true });
  await made.at.web1.sh(`set -e; cd ${DIRECTORY}; ${linesBelow('Puppet')}`);
  await syncs(made.at);
});

test('by Ansible', async (t) => {
  const made = await machines(t, { names: NAMES, packages: MANAGED });
  const { at, all, network } = made;
  const ansible = controller(t, 'web1', network, all);
  await ansible.sh(`cp -r ${COLLECTION} ansible; cp ${debFile()} ${packageName()}`);
  const lines = linesBelow('Ansible').replaceAll(/10\.0\.0\.([123])/g, (_, number: string) =>
    network.address(`web${number}`),
  );
  const { code, output } = await ansible.sh(lines);
  assert.equal(code, 0, output);
  await syncs(at);
});
