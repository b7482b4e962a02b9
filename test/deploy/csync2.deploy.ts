/** `backend: csync2` as the unit runs it: its own user, hardened, csync2 from Debian, with TLS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { configure, equal, install, pidOf } from '../kit/machines/csyncd.ts';
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

test('csync2 under csyncd’s unit', async (t) => {
  const { at, all } = await machines(t, { names: NAMES, packages: ['libatomic1', 'csync2', 'libsqlite3-0'] });
  const { web1, web2, web3 } = at;
  await install(all);
  await configure(all, CONFIG, ['/srv/shared', '/srv/noted']);

  await t.test('files of every owner and mode arrive, deletions too', async () => {
    await web1.sh(
      'echo one > /srv/shared/one; install -D -o 1234 -g 5678 -m 4711 /bin/true /srv/shared/dir/suid',
    );
    await until('web3 has both', () => web3.exists('/srv/shared/dir/suid') && web3.exists('/srv/shared/one'));
    await web3.sh('rm /srv/shared/one');
    await until('web1 has none', () => !web1.exists('/srv/shared/one'));
    await equal(web2);
    assert.match(await web2.sh('stat -c "%a %u:%g" /srv/shared/dir/suid'), /^4711 1234:5678$/m);
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
});
