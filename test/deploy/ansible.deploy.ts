/** The Ansible role over ssh, on systems that have seen nothing of csyncd: from there to a cluster, and all that happens to one. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { controller, MANAGED, type Played } from '../kit/machines/controller.ts';
import { equal, pidOf } from '../kit/machines/csyncd.ts';
import type { Machine } from '../kit/machines/machine.ts';
import { machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';
import { newer, offer } from '../kit/machines/repository.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const NAMES = ['web1', 'web2', 'web3', 'web4'] as const;
type Name = (typeof NAMES)[number];
const KEY = `${'S3cret.'.repeat(9)}_`;
const SHARED = { name: 'shared', path: '/srv/shared' };

for (const backend of ['engine', 'csync2'] as const)
  test(`Ansible deploys a cluster, backend ${backend}`, async (t) => {
    const { at, all, network } = await machines(t, { names: NAMES, packages: MANAGED });
    const { web1, web2, web3, web4 } = at;
    const three = [web1, web2, web3];
    const ansible = controller(t, 'web4', network, all);
    const deploy = (...args: string[]): Promise<Played> => ansible.play('csyncd.csyncd.deploy', ...args);
    const step = steps(t);

    const inventory = (names: readonly Name[], more: { [name in Name]?: object } = {}): void =>
      ansible.write('inventory/hosts.yml', {
        csyncd: { children: { web: {} } },
        web: {
          hosts: Object.fromEntries(
            names.map((name) => [name, { ansible_host: network.address(name), ...more[name] }]),
          ),
        },
      });
    let source: object =
      backend === 'engine' ? { csyncd_package_source: debFile() } : { csyncd_repository: REPOSITORY };
    let [mappings, metrics]: [object[], object] = [[SHARED], {}];
    const settings = (group: object = {}, more: object = {}): void =>
      ansible.write('inventory/group_vars/csyncd.yml', {
        ...source,
        ...metrics,
        csyncd_groups: [{ name: 'web', backend, mappings, ...group }],
        ...more,
      });
    inventory(['web1', 'web2', 'web3']);
    settings();
    if (backend === 'csync2') for (const machine of all) offer(machine, [debFile()], ['csync2']);

    await step('a dry run on systems without it says what it would do', async () => {
      went(await deploy('--check', '--diff'));
      for (const machine of three) assert.ok(!machine.exists('/etc/csyncd'));
    });

    await step('one run, and it syncs', async () => {
      const played = await deploy('--diff', '-vvv');
      went(played);
      await web1.sh('echo one > /srv/shared/one');
      await until('web3 has it', () => web3.exists('/srv/shared/one'));
      await equal(web1);
      const [key = '', ...others] = await Promise.all(three.map((machine) => machine.sh(SHOW_KEY)));
      assert.deepEqual(others, [key, key]);
      const [, secret = ''] = /^640 root:csyncd ([A-Za-z0-9._]{64})$/m.exec(key) ?? [];
      assert.ok(secret !== '' && !played.output.includes(secret), key);
    });

    await step('further runs change nothing', async () => {
      went(await deploy(), 0);
      went(await deploy('--check', '--diff'), 0);
    });

    await step('a setting takes a reload, a directory beside the others a restart', async () => {
      const pids = await pidsOf(three);
      settings({ auto: 'older' });
      went(await deploy('--check', '--diff'), 1);
      const played = await deploy('--diff');
      went(played, 2);
      assert.match(played.output, /^\+\s+auto: "older"$/m);
      assert.deepEqual(await pidsOf(three), pids);
      assert.match(await web1.sh('csyncd config show'), /auto: older/);

      mappings = [SHARED, { name: 'other', path: '/srv/other', exclude: ['*.tmp'] }];
      settings();
      await web1.sh('echo during > /srv/shared/during');
      went(await deploy());
      assert.ok((await pidsOf(three)).every((pid, index) => pid !== '0' && pid !== pids[index]));
      await web2.sh('echo x > /srv/other/x');
      await until('web3 has it', () => web3.exists('/srv/other/x'));
      await equal(web2);
      assert.ok(web3.exists('/srv/shared/during'));
    });

    await step('a setting that is read at the start only takes a restart', async () => {
      const pids = await pidsOf(three);
      metrics = { csyncd_metrics: '127.0.0.1:9731' };
      settings();
      went(await deploy());
      assert.ok((await pidsOf(three)).every((pid, index) => pid !== '0' && pid !== pids[index]));
    });

    await step('a directory where the service may write already takes a reload', async () => {
      for (const machine of three) {
        machine.put('/etc/systemd/system/csyncd.service.d/srv.conf', '[Service]\nReadWritePaths=/srv\n');
        await machine.sh('systemctl daemon-reload && systemctl restart csyncd');
      }
      const pids = await pidsOf(three);
      mappings = [...mappings, { name: 'third', path: '/srv/third' }];
      settings();
      went(await deploy());
      assert.deepEqual(await pidsOf(three), pids);
      await web3.sh('echo x > /srv/third/x');
      await until('web1 has it', () => web1.exists('/srv/third/x'));
      await equal(web3);
    });

    await step('what is wrong is refused, and everything stays as it was', async () => {
      const [pids, config] = [await pidsOf(three), web1.read('/etc/csyncd/csyncd.yaml')];
      const unit = web1.read('/etc/systemd/system/csyncd.service.d/paths.conf');
      settings({ maps: [] });
      refused(await deploy(), /csyncd_groups\.maps/);
      settings({ mappings: [...mappings, { name: 'new', path: 'relative' }] });
      refused(await deploy(), /mappings\.new\.path/);
      refused(await deploy('--check'), /mappings\.new\.path/);
      settings({}, { csyncd_keys: { web: `${KEY}!` } });
      refused(await deploy(), /key of the group web/);
      assert.equal(web1.read('/etc/csyncd/csyncd.yaml'), config);
      assert.equal(web1.read('/etc/systemd/system/csyncd.service.d/paths.conf'), unit);
      assert.deepEqual(await pidsOf(three), pids);
      settings();
      went(await deploy(), 0);
    });

    await step('what a run wrote that was cut short is put in force by the next one', async () => {
      const pids = await pidsOf(three);
      settings({ auto: 'smaller' }, { csyncd_manage_service: false });
      went(await deploy(), 1);
      settings({ auto: 'smaller' });
      went(await deploy(), 1);
      assert.match(await web1.sh('csyncd reload'), /nothing differs/);
      assert.deepEqual(await pidsOf(three), pids);
      const metrics = { csyncd_metrics: '127.0.0.1:9731' };
      settings({}, { ...metrics, csyncd_manage_service: false });
      went(await deploy(), 1);
      settings({}, metrics);
      went(await deploy(), 1);
      assert.ok((await pidsOf(three)).every((pid, index) => pid !== '0' && pid !== pids[index]));
      mappings = [SHARED];
      settings();
      went(await deploy());
      went(await deploy(), 0);
    });

    await step(
      'a key from the vault takes the place of the one that was made, and is never shown',
      async () => {
        const pids = await pidsOf(three);
        settings({}, { csyncd_keys: { web: '{{ vaulted }}' } });
        ansible.vault('vault.yml', { vaulted: KEY });
        const args = ['--diff', '-vvv', '-e', '@vault.yml', ...ansible.vaultArgs];
        went(await deploy(...args));
        assert.match(await web2.sh(SHOW_KEY), new RegExp(KEY));
        assert.deepEqual(await pidsOf(three), pids);
        await web1.sh('echo two > /srv/shared/two');
        await equal(web1);
        went(await deploy(...args), 0);
        // Without the vault the key is read back from who has it.
        settings();
        went(await deploy(), 0);
      },
    );

    await step('a run that is limited to one changes only that, and leaves its config whole', async () => {
      const config = web2.read('/etc/csyncd/csyncd.yaml');
      settings({ auto: 'bigger' });
      const played = await deploy('--limit', 'web1');
      went(played);
      assert.deepEqual(Object.keys(played.recap), ['web1']);
      assert.equal(web2.read('/etc/csyncd/csyncd.yaml'), config);
      for (const name of ['web1', 'web2', 'web3'])
        assert.match(web1.read('/etc/csyncd/csyncd.yaml'), new RegExp(`"name": "${name}"`));
      settings();
      went(await deploy('--limit', 'web1'));
      await equal(web1);
    });

    await step('a fourth joins by being put into the inventory group', async () => {
      const pids = await pidsOf(three);
      inventory(NAMES);
      went(await deploy());
      assert.deepEqual(await pidsOf(three), pids);
      await until('web4 has it', () => web4.exists('/srv/shared/one'));
      await web4.sh('echo four > /srv/shared/four');
      await until('web1 has it', () => web1.exists('/srv/shared/four'));
      await equal(web4);
    });

    await step('killed, it is started again', async () => {
      const pid = await pidOf(web2);
      await web2.sh('systemctl kill -s KILL csyncd');
      await until('it is back', async () => {
        const now = await pidOf(web2);
        return now !== pid && now !== '0' && (await web2.run('systemctl', 'is-active', 'csyncd')).code === 0;
      });
      await web1.sh('echo after > /srv/shared/after-the-kill');
      await until('web2 has it', () => web2.exists('/srv/shared/after-the-kill'));
      await equal(web2);
    });

    await step('while one is away no key is made; rebooted, it catches up by itself', async () => {
      await web1.sh('echo early > /srv/shared/early');
      await equal(web1);
      await web3.crash();
      await web1.sh('for i in $(seq 100); do echo $i > /srv/shared/$i; done; rm /srv/shared/early');
      await until('web1 misses it', async () => (await web1.run('csyncd', 'status')).code === 1);
      refused(await ansible.play('csyncd.csyncd.status', '--limit', 'web1'), /web\/web3: /);
      settings({ key_file: '/etc/csyncd/keys/new.key' });
      refused(await deploy(), /web3 cannot be asked/);
      settings();
      await web3.boot();
      await until('web3 has it', () => web3.exists('/srv/shared/100') && !web3.exists('/srv/shared/early'));
      await equal(web3);
      went(await deploy(), 0);
    });

    await step('node by node, each has what the others have before the next one', async () => {
      went(await ansible.play('csyncd.csyncd.rolling_upgrade', '-e', 'csyncd_package_state=present'), 0);
      for (const machine of all) await machine.sh('csyncd sync --wait --timeout 60s');
      went(await ansible.play('csyncd.csyncd.status', '-e', 'csyncd_verify=true'));
    });

    await step('a newer package reaches node after node, with one restart each', async () => {
      const deb = newer(debFile(), VERSION, makeTempDir());
      if (backend === 'csync2') for (const machine of all) offer(machine, [deb], []);
      else source = { csyncd_package_source: deb };
      settings();
      const pids = await pidsOf(all);
      went(await ansible.play('csyncd.csyncd.rolling_upgrade'));
      for (const [index, machine] of all.entries()) {
        assert.equal(await machine.sh("dpkg-query -W -f '${Version}' csyncd"), VERSION);
        assert.notEqual(await pidOf(machine), pids[index]);
      }
      went(await ansible.play('csyncd.csyncd.rolling_upgrade'), 0);
      await equal(web2);
    });

    await step('one leaves: its data stays, and the others go on without it', async () => {
      const pids = await pidsOf(three);
      inventory(NAMES, { web4: { csyncd_state: 'absent' } });
      went(await deploy());
      assert.ok(web4.exists('/srv/shared/one') && web4.exists('/srv/shared/four'));
      for (const path of ['/usr/bin/csyncd', '/etc/csyncd/csyncd.yaml', '/etc/csyncd/keys/web.key'])
        assert.ok(!web4.exists(path), path);
      assert.ok(!web1.read('/etc/csyncd/csyncd.yaml').includes('web4'));
      assert.deepEqual(await pidsOf(three), pids);
      await web1.sh('rm /srv/shared/four; echo after > /srv/shared/after');
      await equal(web1);
      assert.ok(web4.exists('/srv/shared/four') && !web4.exists('/srv/shared/after'));
      went(await deploy(), 0);
      went(await deploy('--check', '--diff'), 0);
      for (const machine of three)
        await until('all is well', async () => (await machine.run('csyncd', 'status')).code === 0);
      went(await ansible.play('csyncd.csyncd.status'), 0);
      went(await ansible.play('csyncd.csyncd.rolling_upgrade'), 0);
    });

    await step('removed everywhere, with all that it knew: the data stays', async () => {
      const args = ['-e', 'csyncd_state=absent', '-e', 'csyncd_purge=true'];
      went(await deploy('--check', ...args));
      assert.ok(web1.exists('/usr/bin/csyncd'));
      went(await deploy(...args));
      for (const machine of three) {
        assert.ok(machine.exists('/srv/shared/one'));
        for (const path of ['/etc/csyncd', '/var/lib/csyncd', '/usr/bin/csyncd'])
          assert.ok(!machine.exists(path), path);
      }
      went(await deploy(...args), 0);
    });
  });

const VERSION = '0.1.0+later';
const REPOSITORY = 'deb [trusted=yes] file:/opt/repository ./';
const SHOW_KEY = 'stat -c "%a %U:%G" /etc/csyncd/keys/web.key | tr "\\n" " "; cat /etc/csyncd/keys/web.key';

const pidsOf = (all: readonly Machine[]): Promise<string[]> => Promise.all(all.map(pidOf));

/** Each step stands on the one before. */
function steps(t: TestContext): (name: string, body: () => Promise<void>) => Promise<void> {
  let failed = false;
  return async (name, body) => {
    await t.test(name, { skip: failed }, async () => {
      failed = true;
      await body();
      failed = false;
    });
  };
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
