/** `backend: csync2` as the unit runs it: its own user, hardened, csync2 from Debian, with TLS. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { configure, equal, install, pidOf } from '../kit/machines/csyncd.ts';
import type { Machine } from '../kit/machines/machine.ts';
import { machines } from '../kit/machines/machines.ts';

const NAMES = ['web1', 'web2', 'web3'] as const;
const CONFIG = `groups:
  web:
    key_file: /etc/csyncd/keys/web.key
    hosts: [web1, web2, web3]
    backend: csync2
    mappings:
      shared: { path: /srv/shared }
    actions:
      - { name: note, pattern: ['/noted/**'], exec: [touch, /srv/shared/../noted/seen], where: receiver }
`;
const PACKAGES = ['libatomic1', 'csync2', 'libsqlite3-0'];
const PORT = 30865;
const LEFT = ['/srv/shared/.large.a1B2c3', '/srv/shared/new/.large.d4E5f6'];

/** Opens a session with a machine's csync2 and says nothing: it is told what the kernel has of it there. */
async function silentSession(from: Machine, to: Machine): Promise<string> {
  await from.sh(`exec 3<>/dev/tcp/${to.address}/${PORT}; nohup sleep 1000 >/dev/null 2>&1 & disown`);
  return await until(`${to.name} has a session of ${from.name}`, async () => {
    const sessions = await to.sh(`ss -tnoH state established '( sport = :${PORT} )'`);
    // Also as an IPv4 address in an IPv6 one.
    return sessions.split('\n').find((line) => line.replaceAll(']', '').includes(`${from.address}:`));
  });
}

test('csync2 under csyncd’s unit', async (t) => {
  const { at, all } = await machines(t, { names: NAMES, packages: PACKAGES });
  const { web1, web2, web3 } = at;
  await install(all);
  await configure(all, CONFIG, ['/srv/shared', '/srv/noted']);

  await t.test('files of every owner and mode arrive, deletions too', async () => {
    await web1.sh(
      'echo one > /srv/shared/one; install -D -o 1234 -g 5678 -m 4711 /bin/true /srv/shared/dir/suid',
    );
    await until('web3 has both', () => web3.exists('/srv/shared/dir/suid') && web3.exists('/srv/shared/one'));
    // What is deleted while nodes meet for the first time may come back.
    for (const machine of all) await equal(machine);
    await web3.sh('rm /srv/shared/one');
    await until('web1 has none', () => !web1.exists('/srv/shared/one'));
    await equal(web2);
    assert.match(await web2.sh('stat -c "%a %u:%g" /srv/shared/dir/suid'), /^4711 1234:5678$/m);
  });

  await t.test('the kernel ends sessions of peers that have gone', async () => {
    assert.match(await silentSession(web1, web2), /timer:\(keepalive,/);
    await web1.sh('pkill sleep');
    for (const machine of all)
      assert.doesNotMatch(await machine.sh('journalctl -u csyncd'), /cannot be ended/);
  });

  await t.test('killed in the middle of 500 files, stopped and started, it goes on', async () => {
    await web1.sh('mkdir /srv/shared/many; for i in $(seq 500); do echo $i > /srv/shared/many/$i; done');
    await until('some are there', () => web2.exists('/srv/shared/many/1'));
    const pid = await pidOf(web1);
    await web1.sh('systemctl kill -s KILL csyncd');
    await until('it is back', async () => !['0', pid].includes(await pidOf(web1)));
    await until('it serves', async () => (await web1.run('systemctl', 'is-active', 'csyncd')).code === 0);
    await web2.sh('systemctl stop csyncd');
    await web1.sh('rm /srv/shared/many/7');
    await web2.sh('systemctl start csyncd');
    await until(
      'web2 has it',
      () => !web2.exists('/srv/shared/many/7') && web2.exists('/srv/shared/many/500'),
    );
    await equal(web1);
  });

  await t.test('a system that crashed catches up', async () => {
    await web3.crash();
    await web1.sh('echo two > /srv/shared/two; rm /srv/shared/many/1*');
    await web3.boot();
    await until('web3 has it', () => web3.exists('/srv/shared/two') && !web3.exists('/srv/shared/many/1'));
    await equal(web3);
  });

  await t.test('what csync2 leaves of a file when it is killed goes nowhere, and does not stay', async () => {
    await web2.sh('systemctl stop csyncd');
    // By csyncd's user and by root.
    const asCsyncd =
      'setpriv --reuid csyncd --regid csyncd --clear-groups --inh-caps +dac_override --ambient-caps +dac_override';
    const left =
      'cd /srv/shared; umask 077; mkdir new; echo half > .large.a1B2c3; echo half > new/.large.d4E5f6';
    await web2.sh(`${asCsyncd} sh -c '${left}'; umask 077; echo mine > /srv/shared/.htaccess.backup`);
    await web2.sh('systemctl start csyncd');
    await until('they are gone', () => LEFT.every((path) => !web2.exists(path)));
    await until("root's is there", () => web1.exists('/srv/shared/.htaccess.backup'));
    await equal(web2);
    for (const machine of all)
      assert.ok(machine.exists('/srv/shared/new') && !LEFT.some((path) => machine.exists(path)));
    assert.match(await web2.sh('csyncd events'), /shared:\.large\.a1B2c3\s+left by a csync2 that was killed/);
  });
});

test('csync2 served by systemd’s socket, as OPERATING.md has it', async (t) => {
  const { at, all, network } = await machines(t, { names: ['web1', 'web2'], packages: PACKAGES });
  const { web1, web2 } = at;
  const manual = fs.readFileSync(new URL('../../docs/OPERATING.md', import.meta.url), 'utf8');
  const [, section = ''] = /^### Who listens\n(.*?)^### /ms.exec(manual) ?? [];
  const [service = '', socket = ''] = [...section.matchAll(/^```ini\n(.*?)^```/gms)].map(
    ([, block]) => block,
  );
  await install(all);
  for (const machine of all) {
    const dropIn = (unit: string, text: string): void =>
      machine.put(`/etc/systemd/system/${unit}.d/override.conf`, text);
    dropIn('csync2@.service', service.replace('-N web1', `-N ${machine.name}`));
    dropIn('csync2.socket', socket);
  }
  const config = CONFIG.replace('web2, web3]', 'web2]').replace(
    'backend: csync2',
    'backend: csync2\n    csync2: { listener: external }',
  );
  await configure(all, config, ['/srv/shared', '/srv/noted']);
  for (const machine of all) await machine.sh('systemctl enable --now csync2.socket');

  await t.test('files of every owner and mode arrive either way, deletions too', async () => {
    await web1.sh('install -D -o 1234 -g 5678 -m 4711 /bin/true /srv/shared/dir/suid');
    await until('web2 has it', () => web2.exists('/srv/shared/dir/suid'));
    await equal(web1);
    assert.match(await web2.sh('stat -c "%a %u:%g" /srv/shared/dir/suid'), /^4711 1234:5678$/m);
    await web2.sh('rm -r /srv/shared/dir; mkdir /srv/shared/noted; echo x > /srv/shared/noted/x');
    await until('web1 follows', () => !web1.exists('/srv/shared/dir') && web1.exists('/srv/noted/seen'));
    await equal(web2);
    const doctor = await web1.run('csyncd', 'doctor');
    assert.match(doctor.stdout, /ok {4}csync2: web is served on web1:30865/);
  });

  await t.test('a session whose peer is cut off ends', async () => {
    assert.match(await silentSession(web1, web2), /timer:\(keepalive,/);
    network.cut('web1', 'web2');
    await until(
      'it is over',
      async () => !(await web2.sh("systemctl list-units --state=running 'csync2@*'")).includes('csync2@'),
    );
    network.heal('web1', 'web2');
    await web1.sh('echo again > /srv/shared/again');
    await equal(web1);
  });
});
