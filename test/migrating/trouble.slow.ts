/** What docs/MIGRATING.md says of nodes that are not equal when csyncd starts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import type { Host } from '../kit/hosts/hosts.ts';
import { Walk } from '../kit/hosts/walk.ts';
import { EXCLUDED, SHARED, assertGone, assertHas, sameEverywhere, withCsync2 } from './data.ts';

const FILES = ['both', 'gone-or-edited', 'apart', 'kept'];

/** As it is without a line: csync2 decides nothing. */
const undecided =
  (members = 'web1 web2 web3') =>
  (host: Host) =>
    host.must(`sed -i '/auto younger;/d; s/web1 web2 web3/${members}/' /etc/csync2.cfg`);

const UNDECIDED = { "grep -v '^ *#' /etc/csyncd/csyncd.yaml": '…' };

test('conflicts that csync2 never resolved: the newest wins, the others are in backups', async (t) => {
  const { made, web1, web2, web3, way } = await withCsync2(t, 'From csync2 with cron', {
    files: FILES,
    amend: undecided(),
  });
  await way.step('Prepare', UNDECIDED);
  for (const host of made.all)
    await host.must("sed -i 's/auto: none/auto: younger/' /etc/csyncd/csyncd.yaml");
  web1.put(`${SHARED}/both`, 'by web1');
  web2.put(`${SHARED}/both`, 'by web2, later');
  await web1.must(`touch -d @1700000000 ${SHARED}/both`);
  web1.remove(`${SHARED}/gone-or-edited`);
  web2.put(`${SHARED}/gone-or-edited`, 'edited on web2');
  // Both know of their own before either asks the other.
  for (const host of [web1, web2]) await host.must('csync2 -cr /');
  // They differ, and csync2 has recorded on each that nothing is owed.
  web3.put(`${SHARED}/apart`, 'on web3, newer');
  await web3.must('csync2 -cIr /');

  const all = '…';
  await way.step('Let csync2 finish', {
    'csync2 -xv': '…\nFinished with … errors.',
    'csync2 -M || echo nothing owed': all,
    'csync2 -T; echo $?': '…\n0',
    'csync2 -crv /': all,
  });
  assert.match(await web1.must('csync2 -M'), /\/both\n/);
  assert.match((await web1.sh('csync2 -T')).stdout, /\/apart\n/);
  await way.step('Switch over', { 'csyncd backups list': all });
  await sameEverywhere(made, SHARED, EXCLUDED);
  assertHas(made, `${SHARED}/both`, 'by web2, later');
  assertHas(made, `${SHARED}/gone-or-edited`, 'edited on web2');
  assertHas(made, `${SHARED}/apart`, 'on web3, newer');
  assert.match(await web1.must('csyncd backups list'), /conflict by web2 +shared:both/);
  for (const host of [web1, web2])
    assert.match(await host.must('csyncd backups list'), /conflict by web3 +shared:apart/);
});

test('what is deleted between the last run of csync2 and the start is back afterwards; nothing else is', async (t) => {
  const { made, web2, web3, way } = await withCsync2(t, 'From csync2 with cron', {
    files: FILES,
    amend: undecided(),
  });
  web3.remove(`${SHARED}/both`);
  await way.step('Prepare', UNDECIDED);
  await way.step('Let csync2 finish');
  web2.remove(`${SHARED}/kept`);
  await way.step('Switch over');
  await sameEverywhere(made, SHARED, EXCLUDED);
  assertHas(made, `${SHARED}/kept`, 'first');
  assertGone(made, `${SHARED}/both`);
});

test('a node that was down while the others went over brings nothing back', async (t) => {
  const { made, web1, web2, web3, way } = await withCsync2(t, 'From csync2 with cron', {
    files: FILES,
    amend: undecided(),
  });
  await way.step('Prepare', UNDECIDED);
  await web3.must('systemctl stop csync2.socket');
  for (const host of [web1, web2]) {
    host.remove('/etc/cron.d/csync2');
    await host.must('systemctl stop csync2.socket && systemctl start csyncd');
  }
  // Until here nothing may be deleted.
  await agreeWithout3(web1);
  await web1.must(`rm -r ${SHARED}/site/1 ${SHARED}/kept && echo new >${SHARED}/both && csyncd sync`);
  web3.put(`${SHARED}/own`, 'only here');
  const without = await web1.sh('csyncd sync --wait --timeout 1s');
  assert.equal(without.code, 2);
  assert.match(without.stdout, /^web3 /m);
  await agreeWithout3(web1);
  const back = new Walk(made, 'docs/MIGRATING.md', 'A node that is down meanwhile');
  await back.step('When it is back');
  back.done();
  await sameEverywhere(made, SHARED, EXCLUDED);
  assertHas(made, `${SHARED}/both`, 'new\n');
  for (const path of ['site/1', 'kept', 'own']) assertGone(made, `${SHARED}/${path}`);
  assert.equal(web3.read(`${SHARED}.old/own`), 'only here');
  assert.equal((await made.minute()).length, 0);
  assert.equal(web2.read(`${SHARED}/cache/own`), 'web2');
});

/** Waits until web1 and web2 hold the same, as web1 sees it; web3 cannot be asked, and `verify` says so. */
async function agreeWithout3(web1: Host): Promise<void> {
  let verified = await web1.sh('csyncd verify');
  await until(
    'web1 and web2 agree',
    async () => {
      verified = await web1.sh('csyncd verify');
      return verified.code === 2 && verified.stdout.includes('not compared with web3');
    },
    { explain: () => verified.stdout },
  );
}

test('a slave of csync2 only receives; what it has otherwise is reported and put aside', async (t) => {
  const { made, web1, web3, way } = await withCsync2(t, 'From csync2 with cron', {
    files: FILES,
    amend: undecided('web1 web2 (web3)'),
  });
  await way.step('Prepare', UNDECIDED);
  assert.match(web3.read('/etc/csyncd/csyncd.yaml') ?? '', /name: web3, role: receive/);
  await way.step('Let csync2 finish');
  web3.put(`${SHARED}/both`, 'by web3 itself');
  for (const host of made.all)
    await host.must('systemctl disable --now csync2.socket && systemctl enable --now csyncd');
  // csync2 left whole seconds on web3: that alone is no edit of its own.
  let status = '';
  await until(
    'web3 reports that one file, and no other',
    async () => {
      status = (await web3.sh('csyncd status')).stdout;
      const reported = status.match(/^ {2}! .*/gm) ?? [];
      return reported.length === 1 && reported[0]?.includes('shared:both');
    },
    { explain: () => status },
  );
  await web3.must('until csyncd sync && csyncd revert shared; do sleep 1; done');
  await web1.must('csyncd sync --wait');
  await sameEverywhere(made, SHARED, EXCLUDED);
  assertHas(made, `${SHARED}/both`, 'first');
  assert.match(await web1.must('csyncd verify'), /^shared: equal/);
});
