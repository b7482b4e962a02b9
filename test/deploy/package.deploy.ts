/** The Debian package on systems that have never seen Node: installed, configured by one file, upgraded, purged. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { configure, equal, install, pidOf, writeConfig } from '../kit/machines/csyncd.ts';
import { machines } from '../kit/machines/machines.ts';
import { bring, debFile } from '../kit/machines/package.ts';

const NAMES = ['web1', 'web2', 'web3'] as const;
const CONFIG = `groups:
  web:
    key_file: /etc/csyncd/keys/web.key
    hosts: [web1, web2, web3]
    mappings:
      shared: { path: /srv/shared }
`;

test('three systems without Node keep a directory equal by one package and one file', async (t) => {
  const { at, all } = await machines(t, { names: NAMES, packages: ['libatomic1'] });
  const { web1, web2, web3 } = at;

  await t.test('it installs, and starts nothing that is not configured', async () => {
    await install(all);
    assert.match(await web1.sh('csyncd --version'), /^\d+\.\d+\.\d+$/m);
    assert.notEqual((await web1.run('bash', '-c', 'command -v node')).code, 0);
    assert.equal((await web1.run('systemctl', 'is-active', 'csyncd')).stdout.trim(), 'inactive');
    assert.match(
      await web1.sh('stat -c "%a %U:%G" /etc/csyncd /etc/csyncd/keys'),
      /^750 root:csyncd\n750 root:csyncd$/m,
    );
    await web1.sh('systemd-analyze verify --man=no csyncd.service');
  });

  await t.test('a config, a key and the drop-in, and it syncs', async () => {
    await configure(all, CONFIG, ['/srv/shared']);
    await web1.sh(
      'echo one > /srv/shared/from-web1; install -D -o 1234 -g 5678 -m 4711 /bin/true /srv/shared/dir/suid',
    );
    await until('web3 has it', () => web3.exists('/srv/shared/dir/suid'));
    await equal(web1);
    assert.match(await web3.sh('stat -c "%a %u:%g" /srv/shared/dir/suid'), /^4711 1234:5678$/m);
    assert.equal((await web1.sh('systemctl show -p User --value csyncd')).trim(), 'csyncd');
    t.diagnostic(await web1.sh('systemd-analyze security csyncd --no-pager | tail -1'));
    assert.equal((await web1.run('csyncd', 'status')).code, 0);
    t.diagnostic((await web1.run('csyncd', 'doctor')).stdout);
  });

  await t.test('a broken config is refused by a reload, and the daemon goes on', async () => {
    const pid = await pidOf(web1);
    web1.put('/etc/csyncd/csyncd.yaml', `${CONFIG}nonsense: 1\n`, 0o640);
    assert.notEqual((await web1.run('systemctl', 'reload', 'csyncd')).code, 0);
    web1.put('/etc/csyncd/csyncd.yaml', CONFIG, 0o640);
    await web1.sh('systemctl reload csyncd');
    assert.equal(await pidOf(web1), pid);
    await web2.sh('echo two > /srv/shared/from-web2');
    await equal(web2);
  });

  await t.test(
    'a mapping where the unit may write already takes a reload, another one a restart',
    async () => {
      const give = async (more: string): Promise<void> => {
        for (const machine of all) {
          await machine.sh('mkdir -p /srv/other /srv/third');
          await writeConfig(machine, CONFIG + more);
        }
      };
      const other = '      other: { path: /srv/other }\n';
      await give(other);
      for (const machine of all) {
        await machine.sh('systemctl restart csyncd');
      }
      await web2.sh('echo x > /srv/other/x');
      await until('web3 has it', () => web3.exists('/srv/other/x'));
      await equal(web2);
      for (const machine of all) {
        machine.put('/etc/systemd/system/csyncd.service.d/srv.conf', '[Service]\nReadWritePaths=/srv\n');
        await machine.sh('systemctl daemon-reload && systemctl restart csyncd');
      }
      const pids = await Promise.all(all.map(pidOf));
      await give(`${other}      third: { path: /srv/third }\n`);
      for (const machine of all) await machine.sh('systemctl reload csyncd');
      await web3.sh('echo x > /srv/third/x');
      await until('web1 has it', () => web1.exists('/srv/third/x'));
      await equal(web3);
      assert.deepEqual(await Promise.all(all.map(pidOf)), pids);
    },
  );

  await t.test('killed, it is started again; crashed, a system catches up by itself', async () => {
    const pid = await pidOf(web2);
    await web2.sh('systemctl kill -s KILL csyncd');
    await until('it is back', async () => {
      const now = await pidOf(web2);
      return now !== pid && now !== '0' && (await web2.run('systemctl', 'is-active', 'csyncd')).code === 0;
    });
    await web1.sh('echo after > /srv/shared/after-the-kill');
    await equal(web1);
    await web3.crash();
    await web1.sh('for i in $(seq 100); do echo $i > /srv/shared/$i; done; rm /srv/shared/from-web2');
    await web3.boot();
    await until('web3 has it', () => web3.exists('/srv/shared/100') && !web3.exists('/srv/shared/from-web2'));
    await equal(web3);
    await web2.shutDown();
    await web1.sh('rm /srv/shared/1');
    await web2.boot();
    await until('web2 has it', () => !web2.exists('/srv/shared/1'));
    await equal(web2);
  });

  await t.test('an upgrade starts the daemon anew, once', async () => {
    const pid = await pidOf(web1);
    const started = async (): Promise<number> =>
      (await web1.sh('journalctl -u csyncd -o cat')).split('\n').filter((line) => line.includes('Started '))
        .length;
    const before = await started();
    await web1.sh(`dpkg -i ${bring(web1, debFile())}`);
    assert.notEqual(await pidOf(web1), pid);
    assert.equal(await started(), before + 1);
    await equal(web1);
  });

  await t.test('a purge leaves the data, and nothing else', async () => {
    await web3.sh('dpkg --purge csyncd');
    const left = await web3.sh(
      'find / -xdev \\( -path /proc -o -path /sys -o -path /srv -o -path /root -o -path /var/log/journal \\) -prune -o -name "*csyncd*" -print',
    );
    assert.equal(left, '');
    assert.ok(web3.exists('/srv/shared/100'));
    await web1.sh('rm /srv/shared/100');
    await until('web2 has it', () => !web2.exists('/srv/shared/100'));
    assert.ok(fs.existsSync(`${web3.data}/shared/100`));
  });
});
