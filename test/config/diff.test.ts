import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffConfig } from '../../src/config/diff.ts';
import { good } from './kit.ts';

const BASE = `
listen: 0.0.0.0:30865
log: { level: info }
groups:
  web:
    key_file: /web.key
    hosts: [web1, { name: web2, address: 10.0.0.2 }]
    mappings:
      a: { path: /srv/a }
      b: { path: /srv/b, delay: 1s }
  db:
    key_file: /db.key
    hosts: [web1, db1]
`;

/** The difference that replacing text in the config makes, by names alone. */
function summary(...edits: readonly [string, string][]) {
  let text = BASE;
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), from);
    text = text.replace(from, to);
  }
  const diff = diffConfig(good(BASE), good(text));
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
  return {
    same: diff.same,
    restart: diff.restart,
    live: [...(diff.log ? ['log'] : []), ...(diff.limits ? ['limits'] : [])],
    added: names(diff.groups.added),
    removed: names(diff.groups.removed),
    changed: diff.groups.changed.map(({ after, fields, hosts, reordered, mappings }) => ({
      group: after.name,
      fields,
      reordered,
      hosts: [
        names(hosts.added),
        names(hosts.removed),
        hosts.changed.map(({ after, fields }) => [after.name, ...fields]),
      ],
      mappings: [
        names(mappings.added),
        names(mappings.removed),
        mappings.changed.map(({ after, fields }) => [after.name, ...fields]),
      ],
    })),
  };
}

const NOTHING = { same: true, restart: [], live: [], added: [], removed: [], changed: [] };
const IN_WEB = { group: 'web', fields: [], reordered: false, hosts: [[], [], []], mappings: [[], [], []] };

test('the same config written in another way is no change', () => {
  assert.deepEqual(summary(['delay: 1s', 'delay: 1000ms'], ['log: { level: info }', '']), NOTHING);
});

test('some keys take effect at the next start only', () => {
  assert.deepEqual(summary(['listen: 0.0.0.0:30865', 'listen: 0.0.0.0:4000']), {
    ...NOTHING,
    same: false,
    restart: ['listen'],
  });
  assert.deepEqual(
    summary([
      'listen: 0.0.0.0:30865',
      'state_dir: /s\ncontrol_socket: /c\nmetrics: "[::]:1"\ntls: { ca: /a, cert: /b, key: /c }',
    ]),
    { ...NOTHING, same: false, restart: ['state_dir', 'control_socket', 'metrics', 'tls'] },
  );
  assert.deepEqual(summary(['level: info', 'format: json']), {
    ...NOTHING,
    same: false,
    restart: ['log.format'],
  });
});

test('log level and limits change while it runs', () => {
  assert.deepEqual(
    summary(['level: info', 'level: debug'], ['listen:', 'limits: { send_rate: 1 }\nlisten:']),
    {
      ...NOTHING,
      same: false,
      live: ['log', 'limits'],
    },
  );
});

test('groups come and go', () => {
  assert.deepEqual(summary(['  db:', '  sql:']), {
    ...NOTHING,
    same: false,
    added: ['sql'],
    removed: ['db'],
  });
});

test('mappings come, go and change', () => {
  const edits: [string, string][] = [
    ['a: { path: /srv/a }', 'c: { path: /srv/c }'],
    ['delay: 1s', "delay: 2s, exclude: ['*~']"],
  ];
  const mappings = [['c'], ['a'], [['b', 'exclude', 'delayMs']]];
  assert.deepEqual(summary(...edits), { ...NOTHING, same: false, changed: [{ ...IN_WEB, mappings }] });
});

test('hosts come, go, change and change places', () => {
  const change = (to: string) => summary(['[web1, { name: web2, address: 10.0.0.2 }]', to]).changed;
  assert.deepEqual(change('[web1, web3]'), [{ ...IN_WEB, hosts: [['web3'], ['web2'], []] }]);
  assert.deepEqual(change('[web1, { name: web2, address: 10.0.0.9 }]'), [
    { ...IN_WEB, hosts: [[], [], [['web2', 'address']]] },
  ]);
  assert.deepEqual(change('[{ name: web2, address: 10.0.0.2 }, web1]'), [{ ...IN_WEB, reordered: true }]);
});

test("a group's own settings", () => {
  const edits: [string, string][] = [['/web.key\n', '/new.key\n    auto: none\n    backup: { keep: 1d }\n']];
  assert.deepEqual(summary(...edits).changed, [{ ...IN_WEB, fields: ['keyFile', 'auto', 'backup'] }]);
  assert.deepEqual(
    summary(
      ['/web.key\n', '/web.key\n    backend: csync2\n    csync2: { port: 1 }\n'],
      [', address: 10.0.0.2', ''],
    ).changed[0]?.fields,
    ['backend', 'csync2'],
  );
});
