/** Members that find each other: a real puppetserver and PuppetDB, exported resources, Puppet's certificates as `tls`. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { equal, pidOf } from '../kit/machines/csyncd.ts';
import type { Machine } from '../kit/machines/machine.ts';
import { machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';
import {
  AGENT_PACKAGES,
  asAgent,
  certnameOf,
  runAgent,
  SERVER_PACKAGES,
  startServer,
} from '../kit/machines/puppet-server.ts';
import { CHANGED, UNCHANGED } from '../kit/machines/puppet.ts';

const KEY = 'The.key.of.the.group_web.0123456789.abcdefghijklmnopqrstuvwxyz01';
const DEB = '/root/csyncd.deb';
const CSYNCD_YAML = '/etc/csyncd/csyncd.yaml';
/** Of `--detailed-exitcodes`: some of it failed, without and with something done. */
const FAILED = [4, 6];
const UNIT_STARTED = '39f53479d3a045ac8e11786248231fbf';

/** What the README gives to every member. */
function exported(): string {
  const readme = fs.readFileSync(new URL('../../puppet/README.md', import.meta.url), 'utf8');
  const block = [...readme.matchAll(/```puppet\n(.*?)```/gs)].find(([text]) => text.includes('export '));
  assert.ok(block?.[1]);
  return block[1];
}

/** @param more is declared for the same nodes */
function site(members: readonly Machine[], more = ''): string {
  const names = members.map((machine) => `'${certnameOf(machine)}'`).join(', ');
  return `node ${names} {
  file { '/srv/open': ensure => 'directory', before => Class['csyncd'] }
  ${exported()}
  ${more}
}
node default {}
`;
}

const mapping = (name: string, path: string): string =>
  `csyncd::mapping { 'web/${name}': path => '${path}', manage_directory => true }\n`;

/** One run on each at the same time. @returns what was printed */
async function round(members: readonly Machine[], ...expected: readonly number[]): Promise<string> {
  const runs = await Promise.all(members.map(runAgent));
  const said = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  assert.ok(!said.includes(KEY), 'the key is in no output');
  for (const { code } of runs) assert.ok(code !== null && expected.includes(code), `exit ${code}\n${said}`);
  return said;
}

const hostsOf = (machine: Machine): string[] =>
  [...machine.read(CSYNCD_YAML).matchAll(/^\s+- name: (\S+)$/gm)].map(([, name = '']) => name);

const pidsOf = (all: readonly Machine[]): Promise<string[]> => Promise.all(all.map(pidOf));

async function startsOf(machine: Machine): Promise<number> {
  const started = `journalctl --sync && journalctl -q -o cat -u csyncd MESSAGE_ID=${UNIT_STARTED}`;
  return (await machine.sh(started)).trimEnd().split('\n').length;
}

/** All that is shared in there, with what the file system says of it. */
async function listing(machine: Machine, path: string): Promise<string> {
  const files = 'find . -path ./.csyncd -prune -o';
  return await machine.sh(
    `cd ${path} && ${files} -printf '%p %m %U:%G %s %T@ %i %l\\n' | sort && ${files} -type f -exec md5sum {} + | sort`,
  );
}

/** Writes one file after the other on each, until `meanwhile` is done; then all must have all of them. */
async function busy(
  writers: readonly Machine[],
  what: string,
  all: readonly Machine[],
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  const done = `/run/${what}-done`;
  const loop = (name: string): string =>
    `i=0; while [ ! -e ${done} ]; do i=$((i + 1)); echo $i > /srv/shared/${what}-${name}-$i; sleep 0.05; done; echo $i`;
  const written = writers.map((machine) => machine.sh(loop(machine.name)));
  try {
    await meanwhile();
  } finally {
    for (const machine of writers) await machine.sh(`touch ${done}`);
  }
  const counts = await Promise.all(written);
  const [first] = all;
  assert.ok(first !== undefined);
  await equal(first);
  for (const machine of all) {
    for (const [i, { name }] of writers.entries())
      assert.equal(await machine.sh(`ls /srv/shared | grep -c '^${what}-${name}-'`), counts[i]);
  }
}

test('members find each other by exported resources', async (t) => {
  const deb = debFile();
  const { at } = await machines(t, {
    names: ['puppet', 'web1', 'web2', 'web3', 'web4'],
    packages: AGENT_PACKAGES,
    more: { puppet: SERVER_PACKAGES },
  });
  const { web1, web2, web3, web4 } = at;
  for (const machine of [web1, web2, web3, web4]) {
    asAgent(machine, at.puppet);
    fs.copyFileSync(deb, `${machine.root}${DEB}`);
  }
  const server = await startServer(at.puppet);
  server.data({ web_key: KEY, 'csyncd::package_source': DEB, 'csyncd::writable_paths': ['/srv/open'] });
  const known = (...members: readonly Machine[]): Promise<true> =>
    until('PuppetDB knows exactly them', async () => {
      const titles = await server.exported('Csyncd::Host');
      return titles.join() === members.map((machine) => `web/${certnameOf(machine)}`).join();
    });
  const among = (members: readonly Machine[], machines = members): void => {
    for (const machine of machines) assert.deepEqual(hostsOf(machine), members.map(certnameOf));
  };

  await t.test('three nodes, from nothing to syncing', async () => {
    const first = [web1, web2, web3];
    server.site(site(first));
    await round(first, CHANGED);
    await known(...first);
    await round(first, CHANGED, UNCHANGED);
    among(first);
    await web1.sh('echo one > /srv/shared/from-web1');
    await until('web3 has it', () => web3.exists('/srv/shared/from-web1'));
    await equal(web1);
    await web1.sh('csyncd status');
    assert.ok(!(await server.storedText()).includes(KEY), 'the key is not in PuppetDB');
  });

  await t.test('one more run changes nothing', async () => {
    const first = [web1, web2, web3];
    const pids = await pidsOf(first);
    await round(first, UNCHANGED);
    assert.deepEqual(await pidsOf(first), pids);
  });

  await t.test('they know each other by the certificates that Puppet has made', async () => {
    assert.ok(!web1.exists('/var/lib/csyncd/identity.key'), 'there is no identity of its own');
    const shown = await web1.sh(
      `openssl s_client -connect ${certnameOf(web2)}:30865 -alpn csyncd/1 </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer`,
    );
    assert.match(shown, /subject=CN = web2\.lab\.test\n/);
    assert.match(shown, /issuer=CN = Puppet CA: puppet\.lab\.test/);
    assert.doesNotMatch((await web1.run('csyncd', 'doctor')).stdout, /is not signed by|does not name/);
  });

  await t.test('a fourth joins by being given the class; the others are reloaded', async () => {
    const others = [web1, web2, web3];
    const pids = await pidsOf(others);
    server.site(site([...others, web4]));
    await round([web4], CHANGED);
    among([...others, web4], [web4]);
    await known(...others, web4);
    await round(others, CHANGED);
    among([...others, web4]);
    assert.deepEqual(await pidsOf(others), pids);
    await until('web4 has it', () => web4.exists('/srv/shared/from-web1'));
    await equal(web4);
  });

  const four = [web1, web2, web3, web4];
  const below = mapping('below', '/srv/open/below');
  const other = mapping('other', '/srv/other');

  await t.test(
    'a mapping where the daemon may write already takes a reload, and no change is lost',
    async () => {
      const pids = await pidsOf(four);
      await web2.sh('mkdir -p /srv/open/below && echo before > /srv/open/below/before');
      server.site(site(four, below));
      await busy([web1, web3], 'reloaded', four, () => round(four, CHANGED));
      assert.deepEqual(await pidsOf(four), pids);
      for (const machine of four) assert.equal(machine.read('/srv/open/below/before'), 'before\n');
    },
  );

  await t.test('any other mapping takes one restart, and no change is lost', async () => {
    const [pids, starts] = [await pidsOf(four), await Promise.all(four.map(startsOf))];
    await web3.sh('mkdir /srv/other && echo before > /srv/other/before');
    server.site(site(four, below + other));
    await busy([web1, web3], 'restarted', four, () => round(four, CHANGED));
    const restarted = await pidsOf(four);
    for (const [i, pid] of restarted.entries()) assert.notEqual(pid, pids[i]);
    assert.deepEqual(
      await Promise.all(four.map(startsOf)),
      starts.map((count) => count + 1),
    );
    for (const machine of four) assert.equal(machine.read('/srv/other/before'), 'before\n');
    await round(four, UNCHANGED);
    assert.deepEqual(await pidsOf(four), restarted);
  });

  await t.test('a config that csyncd refuses leaves the old one in force everywhere', async () => {
    const [pids, before] = [await pidsOf(four), four.map((machine) => machine.read(CSYNCD_YAML))];
    server.site(site(four, below + other + mapping('inside', '/srv/shared/inside')));
    assert.match(await round(four, ...FAILED), /csyncd\.yaml.*groups\.web\.mappings/s);
    assert.deepEqual(
      four.map((machine) => machine.read(CSYNCD_YAML)),
      before,
    );
    assert.deepEqual(await pidsOf(four), pids);
    await web2.sh('echo two > /srv/shared/from-web2');
    await equal(web2);
    for (const machine of four) assert.ok(machine.exists('/srv/shared/from-web2'));
    server.site(site(four, below + other));
    await round(four, UNCHANGED);
  });

  const three = [web1, web2, web3];

  await t.test('one leaves: the others go on without it, and its files stay as they are', async () => {
    const [pids, files] = [await pidsOf(three), await listing(web4, '/srv/shared')];
    server.data({ 'csyncd::ensure': 'absent' }, web4);
    await round([web4], CHANGED);
    await known(...three);
    await round(three, CHANGED);
    among(three);
    assert.deepEqual(await pidsOf(three), pids);
    await web1.sh('echo without > /srv/shared/without-web4');
    await equal(web1);
    await web1.sh('csyncd status');
    await round([web4], UNCHANGED);
    assert.ok(!web4.exists('/usr/bin/csyncd') && !web4.exists('/etc/csyncd'));
    assert.equal(await listing(web4, '/srv/shared'), files);
  });

  await t.test('one is dead, and deactivated; when its agent runs again it is a member again', async () => {
    const pids = await pidsOf([web1, web2]);
    await web3.crash();
    await server.deactivate(web3);
    await known(web1, web2);
    await round([web1, web2], CHANGED);
    among([web1, web2]);
    await web1.sh('echo dead > /srv/shared/while-web3-was-dead');
    await equal(web1);
    await web3.boot();
    await round([web3], UNCHANGED);
    await known(...three);
    await round([web1, web2], CHANGED);
    among(three);
    assert.deepEqual(await pidsOf([web1, web2]), pids);
    await until('web3 has caught up', () => web3.exists('/srv/shared/while-web3-was-dead'));
    await equal(web1);
  });

  await t.test('a PuppetDB that does not answer, or answers with nothing, parts nobody', async () => {
    const pids = await pidsOf(three);
    await server.stopPuppetdb();
    await round([web1], 1);
    await server.emptyDatabase();
    assert.match(await round([web1], ...FAILED), /has only 1 hosts/);
    among(three);
    assert.deepEqual(await pidsOf(three), pids);
    await web1.sh('echo three > /srv/shared/as-ever');
    await equal(web1);
    // What a run exports is stored, whether it fails or not.
    await round(three, UNCHANGED, CHANGED, ...FAILED);
    await known(...three);
    await round(three, UNCHANGED, CHANGED);
    among(three);
    await equal(web1);
  });
});
