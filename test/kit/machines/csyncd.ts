/** csyncd on booted systems, put there by its package and one file. */
import { bring, debFile } from './package.ts';
import type { Machine } from './machine.ts';

const DROP_IN = '/etc/systemd/system/csyncd.service.d/paths.conf';

export async function install(all: readonly Machine[]): Promise<void> {
  const deb = debFile();
  for (const machine of all) await machine.sh(`dpkg -i ${bring(machine, deb)}`);
}

/** Writes the config, and what the unit needs to know of it. */
export async function writeConfig(machine: Machine, config: string): Promise<void> {
  machine.put('/etc/csyncd/csyncd.yaml', config, 0o640);
  await machine.sh(
    `install -d $(dirname ${DROP_IN}) && csyncd config unit > ${DROP_IN} && systemctl daemon-reload`,
  );
}

/** The same config and key everywhere; then it is started. @param directories to be made first */
export async function configure(
  all: readonly Machine[],
  config: string,
  directories: readonly string[],
): Promise<void> {
  const [first] = all;
  for (const machine of all) {
    await machine.sh(`mkdir -p ${directories.join(' ')}`);
    await writeConfig(machine, config);
  }
  await first?.sh('csyncd keygen');
  const key = first?.read('/etc/csyncd/keys/web.key') ?? '';
  for (const machine of all.slice(1)) machine.put('/etc/csyncd/keys/web.key', key, 0o600);
  await Promise.all(all.map((machine) => machine.sh('systemctl enable --now csyncd')));
}

/** Proves, from this node, that all hold the same. */
export async function equal(machine: Machine): Promise<void> {
  await machine.sh('csyncd sync --wait --timeout 60s');
  await machine.sh('csyncd verify');
}

export async function pidOf(machine: Machine): Promise<string> {
  return (await machine.sh('systemctl show -p MainPID --value csyncd')).trim();
}
