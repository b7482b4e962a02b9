/** The Puppet module on booted systems, by `puppet apply`: from nothing to a cluster, changed, reduced, removed. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { until } from '../kit/cluster/until.ts';
import { equal, pidOf } from '../kit/machines/csyncd.ts';
import type { Machine } from '../kit/machines/machine.ts';
import { machines, type Machines } from '../kit/machines/machines.ts';
import { debFile } from '../kit/machines/package.ts';
import { applyManifest, bringModule, CHANGED, PUPPET_PACKAGES, UNCHANGED } from '../kit/machines/puppet.ts';

const NAMES = ['web1', 'web2', 'web3'] as const;
const KEY = 'The.key.of.the.group_web.0123456789.abcdefghijklmnopqrstuvwxyz01';
const DEB = '/root/csyncd.deb';
const CSYNCD_YAML = '/etc/csyncd/csyncd.yaml';

interface Wanted {
  readonly hosts?: readonly string[];
  readonly mappings?: Readonly<Record<string, string>>;
  /** more settings of the class and of the group, as they stand in a manifest */
  readonly more?: string;
  readonly group?: string;
}

/** The same manifest for all nodes. */
function manifest({ hosts = NAMES, mappings, more = '', group = '' }: Wanted = {}): string {
  const shared = Object.entries(mappings ?? { shared: '/srv/shared' }).map(
    ([name, path]) => `'${name}' => { 'path' => '${path}', 'manage_directory' => true },`,
  );
  return `class { 'csyncd':
  package_source => '${DEB}',
  keys           => Sensitive({ 'web' => '${KEY}' }),
  groups         => {
    'web' => {
      'hosts'    => [${hosts.map((host) => `'${host}'`).join(', ')}],
      'mappings' => { ${shared.join(' ')} },
      ${group}
    },
  },
  ${more}
}
`;
}

/** The README's first manifest, with a key and a package that there are. */
function fiveMinutes(): string {
  const readme = fs.readFileSync(new URL('../../puppet/README.md', import.meta.url), 'utf8');
  const [, block = ''] = /```puppet\n(.*?)```/s.exec(readme) ?? [];
  return block.replace('THE KEY', KEY).replace(/\/root\/csyncd_\S+\.deb/, DEB);
}

/** Applies it on all at once, as agents run, and @returns what was printed. */
async function rollOut(all: readonly Machine[], text: string, expected: number): Promise<string> {
  const runs = await Promise.all(all.map((machine) => applyManifest(machine, text)));
  const said = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  assert.deepEqual(
    runs.map(({ code }) => code),
    all.map(() => expected),
    said,
  );
  return said;
}

/** Three systems with Puppet, the module and the package's file, and nothing of csyncd. */
async function prepared(
  t: TestContext,
  packages: readonly string[],
): Promise<Machines<(typeof NAMES)[number]>> {
  const made = await machines(t, { names: NAMES, packages });
  for (const machine of made.all) {
    fs.copyFileSync(debFile(), `${machine.root}${DEB}`);
    bringModule(machine);
  }
  return made;
}

const pidsOf = (all: readonly Machine[]): Promise<string[]> => Promise.all(all.map(pidOf));

test('three systems become a cluster by one Puppet class', async (t) => {
  const { at, all } = await prepared(t, PUPPET_PACKAGES);
  const { web1, web2, web3 } = at;

  await t.test('what would be done can be asked before there is anything', async () => {
    web1.put('/root/site.pp', manifest());
    await web1.sh(
      'puppet apply --noop --modulepath /etc/puppet/code/modules:/usr/share/puppet/modules /root/site.pp',
    );
    assert.ok(!web1.exists(CSYNCD_YAML));
  });

  await t.test('from nothing to syncing, as the README has it', async () => {
    const said = await rollOut(all, fiveMinutes(), CHANGED);
    assert.ok(!said.includes(KEY), 'the key is in no output');
    await web1.sh('echo one > /srv/shared/from-web1');
    await until('web3 has it', () => web3.exists('/srv/shared/from-web1'));
    await equal(web1);
    await web1.sh('csyncd status');
    const modes = await web1.sh(`stat -c '%a %U:%G' ${CSYNCD_YAML} /etc/csyncd/keys/web.key`);
    assert.equal(modes, '640 root:csyncd\n640 root:csyncd\n');
    assert.equal((await web1.run('systemctl', 'is-enabled', 'csyncd')).stdout.trim(), 'enabled');
  });

  await t.test('facts and tasks tell how it is', async () => {
    const facts: unknown = JSON.parse(await web1.sh('puppet facts show csyncd --render-as json'));
    const state = { backend: 'engine', mappings: { shared: 'ok' }, peers: { web2: 'ok', web3: 'ok' } };
    const version = (await web1.sh('csyncd --version')).trim();
    assert.deepEqual(facts, { csyncd: { version, node: 'web1', state: 'ok', groups: { web: state } } });
    const tasks = '/etc/puppet/code/modules/csyncd/tasks';
    assert.match(await web1.sh(`${tasks}/status.sh`), /"state":\s*"ok"/);
    assert.match(await web1.sh(`PT_mapping=shared PT_deep=true ${tasks}/verify.sh`), /"equal":\s*true/);
  });

  await t.test('the second run changes nothing', async () => {
    const pids = await pidsOf(all);
    await rollOut(all, manifest(), UNCHANGED);
    assert.deepEqual(await pidsOf(all), pids);
    const [first, ...others] = all.map((machine) => machine.read(CSYNCD_YAML));
    for (const other of others) assert.equal(other, first);
  });

  await t.test('a config that csyncd refuses never takes the place of the old one', async () => {
    const [before, pid] = [web1.read(CSYNCD_YAML), await pidOf(web1)];
    const broken = manifest({ mappings: { shared: '/srv/shared', below: '/srv/shared/below' } });
    const { code, stdout, stderr } = await applyManifest(web1, broken);
    assert.ok(code === 4 || code === 6, stdout + stderr);
    assert.match(stdout + stderr, /csyncd\.yaml.*groups\.web\.mappings/s);
    assert.equal(web1.read(CSYNCD_YAML), before);
    assert.ok(!web1.exists('/srv/shared/below'), 'no directory is made for it');
    assert.equal(await pidOf(web1), pid);
    await web2.sh('echo two > /srv/shared/from-web2');
    await equal(web2);
  });

  await t.test('too few hosts are refused as well', async () => {
    const before = web1.read(CSYNCD_YAML);
    const { code, stdout, stderr } = await applyManifest(
      web1,
      manifest({ hosts: ['web1'], group: "'min_hosts' => 2," }),
    );
    assert.ok(code === 4 || code === 6, stdout + stderr);
    assert.match(stdout + stderr, /has only 1 hosts/);
    assert.equal(web1.read(CSYNCD_YAML), before);
  });

  await t.test('a directory that the unit does not have open takes one restart', async () => {
    const pids = await pidsOf(all);
    await web1.sh('echo meanwhile > /srv/shared/meanwhile');
    const wanted = manifest({ mappings: { shared: '/srv/shared', other: '/srv/other' } });
    await rollOut(all, wanted, CHANGED);
    for (const [i, pid] of (await pidsOf(all)).entries()) assert.notEqual(pid, pids[i]);
    const restarted = await pidsOf(all);
    await web3.sh('echo x > /srv/other/x');
    await until('web1 has it', () => web1.exists('/srv/other/x'));
    await equal(web3);
    await rollOut(all, wanted, UNCHANGED);
    assert.deepEqual(await pidsOf(all), restarted);
  });

  await t.test('below a directory that is open already, a mapping takes a reload', async () => {
    const mappings = { shared: '/srv/shared', other: '/srv/other' };
    await rollOut(all, manifest({ mappings, more: "writable_paths => ['/srv']," }), CHANGED);
    const pids = await pidsOf(all);
    const third = { ...mappings, third: '/srv/third' };
    await rollOut(all, manifest({ mappings: third, more: "writable_paths => ['/srv']," }), CHANGED);
    assert.deepEqual(await pidsOf(all), pids);
    await web2.sh('echo x > /srv/third/x');
    await until('web3 has it', () => web3.exists('/srv/third/x'));
    await equal(web2);
  });

  await t.test('a setting takes a reload, or a restart where it must', async () => {
    const mappings = { shared: '/srv/shared', other: '/srv/other', third: '/srv/third' };
    const settings = (more: string): string =>
      manifest({ mappings, more: `writable_paths => ['/srv'],\n${more}` });
    const pid = await pidOf(web1);
    await rollOut([web1], settings("log => { 'level' => 'debug' },"), CHANGED);
    assert.equal(await pidOf(web1), pid);
    await rollOut([web1], settings("metrics => '127.0.0.1:9731',"), CHANGED);
    const restarted = await pidOf(web1);
    assert.notEqual(restarted, pid);
    await rollOut([web1], settings("control_socket => '/run/csyncd/other.sock',"), CHANGED);
    assert.notEqual(await pidOf(web1), restarted);
    await rollOut([web1], settings(''), CHANGED);
    await equal(web1);
  });

  await t.test('a member that leaves takes a reload of the others', async () => {
    const mappings = { shared: '/srv/shared', other: '/srv/other', third: '/srv/third' };
    const more = "writable_paths => ['/srv'],";
    const pids = await pidsOf([web1, web2]);
    const said = await rollOut([web1, web2], manifest({ mappings, more, hosts: ['web1', 'web2'] }), CHANGED);
    assert.match(said, /^-\s+- name: web3$/m);
    assert.deepEqual(await pidsOf([web1, web2]), pids);
    await web1.sh('echo without > /srv/shared/without-web3');
    await equal(web1);
    assert.ok(!web3.exists('/srv/shared/without-web3'));
  });

  await t.test('removed, it leaves the data', async () => {
    const gone = "class { 'csyncd': ensure => 'absent' }\n";
    await rollOut([web3], gone, CHANGED);
    await rollOut([web3], gone, UNCHANGED);
    assert.ok(web3.exists('/srv/shared/from-web1'));
    for (const path of ['/etc/csyncd', '/etc/systemd/system/csyncd.service.d', '/usr/bin/csyncd'])
      assert.ok(!web3.exists(path), path);
    await equal(web1);
    assert.ok(web1.exists('/srv/shared/from-web1'));
  });
});

test('the same with csync2 to move the files', async (t) => {
  const { at, all } = await prepared(t, [...PUPPET_PACKAGES, 'csync2', 'libsqlite3-0']);
  const wanted = manifest({ group: "'backend' => 'csync2'," });
  await rollOut(all, wanted, CHANGED);
  await at.web1.sh('echo one > /srv/shared/by-csync2');
  await until('web3 has it', () => at.web3.exists('/srv/shared/by-csync2'));
  await equal(at.web1);
  await rollOut(all, wanted, UNCHANGED);
});
