/** The Ansible role over ssh, on systems that have seen nothing of csyncd: from there to a cluster, and all that happens to one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { controller, type Played } from '../kit/machines/controller.ts';
import type { Machine } from '../kit/machines/machine.ts';
import { machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';

const NAMES = ['web1', 'web2', 'web3', 'web4'] as const;
const PACKAGES = [
  ...['openssh-server', 'python3', 'python3-apt', 'libatomic1'],
  ...['librsync2', 'libsqlite3-0', 'libgnutls30'],
];
const KEY = 'S3cret.'.repeat(9) + '_';

const pidOf = (machine: Machine): Promise<string> =>
  machine.sh('systemctl show -p MainPID --value csyncd').then((text) => text.trim());

const pidsOf = (all: readonly Machine[]): Promise<string[]> => Promise.all(all.map(pidOf));

async function equal(machine: Machine): Promise<void> {
  await machine.sh('csyncd sync --wait --timeout 60s');
  await machine.sh('csyncd verify');
}

function went(played: Played, changed?: number): void {
  assert.equal(played.code, 0, played.output);
  assert.ok(!played.output.includes(KEY), 'the key is shown');
  if (changed === undefined) return;
  for (const [host, counts] of Object.entries(played.recap))
    assert.equal(counts['changed'], changed, `${host}:\n${played.output}`);
}

function refused(played: Played, reason: RegExp): void {
  assert.notEqual(played.code, 0, played.output);
  assert.match(played.output, reason);
  assert.ok(!played.output.includes(KEY), 'the key is shown');
}

for (const backend of ['engine', 'csync2'] as const) {
  test(`Ansible deploys a cluster, backend ${backend}`, async (t) => {
    const { at, all, network } = await machines(t, { names: NAMES, packages: PACKAGES });
    const { web1, web2, web3, web4 } = at;
    const three = [web1, web2, web3];
    const ansible = controller(t, 'web1', network, all);
    const deploy = (...args: string[]): Promise<Played> => ansible.play('csyncd.csyncd.deploy', ...args);

    const inventory = (hosts: readonly string[], more: Record<string, object> = {}): void =>
      ansible.write('inventory/hosts.json', {
        csyncd: { children: ['web'] },
        web: { hosts },
        _meta: {
          hostvars: Object.fromEntries(
            hosts.map((name) => [name, { ansible_host: network.address(name), ...more[name] }]),
          ),
        },
      });
    void inventory;
    const hosts = (names: readonly string[], more: Record<string, object> = {}): void =>
      ansible.write('inventory/hosts.yml', {
        csyncd: { children: { web: {} } },
        web: {
          hosts: Object.fromEntries(
            names.map((name) => [name, { ansible_host: network.address(name), ...more[name] }]),
          ),
        },
      });
    const mapping = { name: 'shared', path: '/srv/shared' };
    const settings = (group: object, more: object = {}): void =>
      ansible.write('inventory/group_vars/csyncd.yml', {
        csyncd_package_source: debFile(),
        csyncd_groups: [{ name: 'web', backend, mappings: [mapping], ...group }],
        ...more,
      });
    hosts(['web1', 'web2', 'web3']);
    settings({});

    await t.test('a dry run on systems without it says what it would do', async () => {
      const played = await deploy('--check', '--diff');
      went(played);
      assert.ok(three.every((machine) => !machine.exists('/etc/csyncd')));
    });

    await t.test('one run, and it syncs', async () => {
      went(await deploy('--diff', '-vvv'));
      await web1.sh('echo one > /srv/shared/one');
      await until('web3 has it', () => web3.exists('/srv/shared/one'));
      await equal(web1);
    });

    await t.test('further runs change nothing', async () => {
      went(await deploy(), 0);
      went(await deploy('--check', '--diff'), 0);
    });
    void [web2, web4, refused, pidsOf];
  });
}
