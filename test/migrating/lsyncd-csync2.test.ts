import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { hosts } from '../kit/hosts/hosts.ts';
import { Walk } from '../kit/hosts/walk.ts';
import { NAMES, SHARED, assertGone, assertHas, putKey, putTree, sameEverywhere } from './data.ts';

const INI = '/var/www/data/ini';
const PNG = '/var/www/data/png';
const ZIP = '/var/www/data/zip';
const LSYNCD = fs.readFileSync(new URL('../config/lsyncd/csync2.conf.lua', import.meta.url), 'utf8');

test('from csync2 with lsyncd, and back, as docs/MIGRATING.md has it', async (t) => {
  const made = await hosts(t, NAMES);
  const [web1, web2, web3] = NAMES.map((name) => made.at(name));
  assert.ok(web1 && web2 && web3);
  const way = new Walk(made, 'docs/MIGRATING.md', 'From csync2 with lsyncd');

  await way.step('What there is');
  for (const name of ['wwwshared', 'wwwdata']) putKey(made, `/etc/csync2/csync2_${name}.key`);
  for (const host of made.all) {
    host.put('/etc/lsyncd/lsyncd.conf.lua', LSYNCD);
    for (const dir of [SHARED, INI, PNG, ZIP, '/var/log/lsyncd'])
      fs.mkdirSync(host.path(dir), { recursive: true });
    await host.must('systemctl start csync2.socket');
    // On an empty database the first runs, one for each directory at once, would end each other and lsyncd.
    for (const name of ['wwwshared', 'wwwdata'])
      await host.must(`CSYNC2_SYSTEM_DIR=/etc/csync2 csync2 -C ${name} -cIr /`);
  }
  for (const host of made.all) {
    await host.must('CSYNC2_SYSTEM_DIR=/etc/csync2 systemctl start lsyncd');
    await until(
      `lsyncd is up on ${host.name}`,
      () => started(host.read('/var/log/lsyncd/lsyncd.log') ?? '') === 4,
    );
  }
  web1.put(`${SHARED}/edited`, 'first');
  web1.put(`${SHARED}/deleted`, 'first');
  web2.put(`${INI}/php.ini`, 'memory_limit=1G');
  await until('lsyncd and csync2 carry it', () =>
    made.all.every((host) => host.exists(`${SHARED}/deleted`) && host.exists(`${INI}/php.ini`)),
  );
  await way.step('Prepare');

  web1.put(`${SHARED}/edited`, 'on web1');
  web2.remove(`${SHARED}/deleted`);
  putTree(web3, PNG);
  await way.step('Let csync2 finish');
  web3.put(`${SHARED}/meanwhile`, 'written while nothing ran');
  await way.step('Switch over');
  for (const root of [SHARED, INI, PNG, ZIP]) await sameEverywhere(made, root);
  assertHas(made, `${SHARED}/edited`, 'on web1');
  assertHas(made, `${SHARED}/meanwhile`, 'written while nothing ran');
  assertHas(made, `${INI}/php.ini`, 'memory_limit=1G');
  assertGone(made, `${SHARED}/deleted`);
  for (const host of made.all) {
    assert.ok(!host.programs().some((name) => name === 'csync2' || name === 'lsyncd'), host.name);
  }

  web2.remove(`${PNG}/site/1`);
  await web2.must('csyncd sync --wait');
  await way.step('The way back');
  way.done();
  web3.put(`${INI}/after`, 'carried by csync2');
  await until('lsyncd and csync2 carry it', () => made.all.every((host) => host.exists(`${INI}/after`)));
  assertGone(made, `${PNG}/site/1`);
});

/** How many of its directories lsyncd has been through. */
function started(log: string): number {
  return log.split('\n').filter((line) => line.includes('instance finished')).length;
}
