/** Good configs, and what they come to on this node. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Config, Group, Mapping } from '../../src/config/model.ts';
import { good, inGroup, inMapping, verdict, type Written } from './kit.ts';

const template = readFileSync(new URL('../../templates/csyncd.yaml', import.meta.url), 'utf8');

function groupOf(config: Config): Group {
  const [group] = config.groups;
  assert.ok(group);
  return group;
}

function mappingOf(config: Config): Mapping {
  const [mapping] = groupOf(config).mappings;
  assert.ok(mapping);
  return mapping;
}

test('the least config gets every default', () => {
  const { files, ...config } = good(inMapping(''));
  assert.equal(files.length, 1);
  assert.deepEqual(config, {
    node: 'web1',
    listen: { host: '0.0.0.0', port: 30865 },
    stateDir: '/var/lib/csyncd',
    controlSocket: '/run/csyncd/control.sock',
    metrics: null,
    log: { level: 'info', format: 'auto' },
    limits: { sendRate: 0, receiveRate: 0 },
    tls: null,
    groups: [
      {
        name: 'web',
        keyFile: '/k',
        hosts: [
          { name: 'web1', address: 'web1', port: 30865, role: 'full' },
          { name: 'web2', address: 'web2', port: 30865, role: 'full' },
        ],
        role: 'full',
        backend: 'engine',
        auto: 'younger',
        backup: { generations: 3, keepMs: 30 * 86_400_000 },
        mappings: [
          {
            name: 'm',
            path: '/srv/m',
            paths: {},
            exclude: [],
            include: [],
            delayMs: 100,
            maxDelayMs: 2000,
            rescanMs: 3_600_000,
            durability: 'strict',
            owner: 'name',
            maxDeletePercent: 50,
          },
        ],
        actions: [],
        csync2: null,
      },
    ],
  });
});

test('the example that is installed loads without a warning on each of its nodes', () => {
  for (const host of ['web1', 'web2', 'web3']) assert.deepEqual(verdict(template, { host }), ['ok']);
  const config = good(template, { host: 'web3' });
  assert.equal(groupOf(config).role, 'receive');
  assert.equal(mappingOf(config).path, '/srv/www/shared');
  assert.equal(mappingOf(good(template)).path, '/var/www/shared');
});

test('what the example has commented out is good too, and equals the defaults', () => {
  const keys = [
    'listen',
    'state_dir',
    'control_socket',
    'log',
    'limits',
    'backend',
    'auto',
    'backup',
    'include',
  ];
  const more = ['delay', 'max_delay', 'rescan', 'durability', 'owner', 'max_delete', 'where', 'timeout'];
  const active = template.replaceAll(new RegExp(`# (${[...keys, ...more].join('|')}):`, 'g'), '$1:');
  assert.ok(active.match(/^\s*#/gm) !== null);
  const { files: _1, ...withDefaults } = good(template);
  const { files: _2, ...written } = good(active);
  assert.deepEqual(written, withDefaults);
});

test("this node is found by the machine's name, short or full, in any case, or by what node says", () => {
  const table: { hosts: string; host: string; node: string }[] = [
    { hosts: '[a, web1]', host: 'web1', node: 'web1' },
    { hosts: '[a, web1]', host: 'web1.example.org', node: 'web1' },
    { hosts: '[a, web1.example.org]', host: 'web1', node: 'web1.example.org' },
    { hosts: '[a, web1]', host: 'WEB1', node: 'web1' },
    { hosts: '[web1.example.org, web1]', host: 'web1', node: 'web1' },
    { hosts: '[web1.a.org, web1.b.org]', host: 'web1.b.org', node: 'web1.b.org' },
    { hosts: '[a, b]\nnode: b', host: 'web1', node: 'b' },
  ];
  for (const { hosts, host, node } of table) {
    assert.equal(good(`groups:\n  web:\n    key_file: /k\n    hosts: ${hosts}\n`, { host }).node, node);
  }
});

test('a group that this node is not a host of is left out', () => {
  const config = good(inGroup('  other:\n    key_file: /k\n    hosts: [a, b]\n'));
  assert.deepEqual(
    config.groups.map(({ name }) => name),
    ['web'],
  );
});

test('values in all their forms', () => {
  const config = good(`
listen: "[::]:4000"
state_dir: //var//lib/csyncd/
limits: { send_rate: 64KiB, receive_rate: 512 }
tls: { ca: /ca, cert: /cert, key: /key }
groups:
  constructor:
    key_file: /k
    hosts: [{ name: web1, address: "fe80::1", port: 4000 }, { name: constructor }]
    backup: { generations: 10 }
    mappings:
      m: { path: /srv/ä b, delay: 0, max_delete: 100%, exclude: ["!a", "# b"] }
      slow: { path: /srv/slow, delay: 10s }
`);
  assert.deepEqual(config.listen, { host: '::', port: 4000 });
  assert.equal(config.stateDir, '/var/lib/csyncd');
  assert.deepEqual(config.limits, { sendRate: 65_536, receiveRate: 512 });
  assert.deepEqual(config.tls, { ca: '/ca', cert: '/cert', key: '/key' });
  const group = groupOf(config);
  assert.deepEqual(group.backup, { generations: 10, keepMs: 30 * 86_400_000 });
  assert.deepEqual(
    group.mappings.map(({ path, delayMs, maxDelayMs }) => [path, delayMs, maxDelayMs]),
    [
      ['/srv/ä b', 0, 2000],
      ['/srv/slow', 10_000, 10_000],
    ],
  );
});

test('a csync2 group has files of its own below state_dir, and one port for all hosts', () => {
  const group = groupOf(good(inMapping('    backend: csync2\n    csync2: { port: 31000, args: [-v] }\n')));
  assert.deepEqual(group.csync2, {
    configFile: null,
    roots: {},
    binary: 'csync2',
    configDir: '/var/lib/csyncd/csync2/web',
    configName: null,
    databaseDir: '/var/lib/csyncd/csync2/web',
    port: 31_000,
    listener: 'csyncd',
    noSsl: false,
    lockTimeoutMs: 12_000,
    args: ['-v'],
  });
  assert.deepEqual(
    group.hosts.map(({ port }) => port),
    [31_000, 31_000],
  );
  assert.equal(groupOf(good(inMapping('    backend: csync2\n'))).csync2?.lockTimeoutMs, 12_000);
});

test('a key is the text that stands there, whatever YAML takes it for', () => {
  const keys = ['1e3', '0x1f', '012', 'null', 'true'];
  const config = good(inMapping(keys.map((key) => `      ${key}: { path: /srv/${key} }\n`).join('')));
  assert.deepEqual(
    groupOf(config).mappings.map(({ name }) => name),
    ['m', ...keys],
  );
});

test('an anchor may be used again', () => {
  const config = good(
    inMapping('        exclude: &junk ["*~"]\n      n: { path: /srv/n, exclude: *junk }\n'),
  );
  assert.deepEqual(groupOf(config).mappings[1]?.exclude, ['*~']);
});

test('fragments add groups, hosts, mappings, actions and settings, in the order of their names', () => {
  const written: Written = {
    main: 'groups:\n  web:\n    key_file: /k\n    hosts: [web1]\n',
    '20-b.yaml': 'groups:\n  web:\n    hosts: [web3]\n    mappings:\n      b: { path: /srv/b }\n',
    '10-a.yaml': `
node: web1
groups:
  web:
    hosts: [{ name: web2, address: 10.0.0.2 }]
    mappings:
      a: { path: /srv/a }
    actions: [{ name: one, pattern: ['*'], exec: ['true'] }]
  db: { key_file: /db, hosts: [web1, db1] }
`,
    '30-empty.yaml': '# nothing\n',
    'notes.txt': 'not: [yaml',
  };
  const config = good(written);
  assert.equal(config.files.length, 4);
  assert.deepEqual(
    config.groups.map(({ name, hosts, mappings, actions }) => [
      name,
      hosts.map((host) => host.name),
      mappings.map((mapping) => mapping.name),
      actions.length,
    ]),
    [
      ['web', ['web1', 'web2', 'web3'], ['a', 'b'], 1],
      ['db', ['web1', 'db1'], [], 0],
    ],
  );
});
