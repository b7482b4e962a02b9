/** Backends, ports and actions that do not go together. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  "csync2's options under the engine": {
    files: inGroup('    csync2: { port: 1 }\n'),
    says: [
      'csyncd.yaml:5:13: groups.web.csync2 has no effect under backend: engine',
      '    set backend: csync2, or drop it',
    ],
  },
  'what csync2 cannot do': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1, { name: web2, port: 5 }]
    backend: csync2
    auto: keep-both
    csync2: { config_name: a-b, port: 31000 }
`,
    says: [
      'csyncd.yaml:4:39: groups.web.hosts[1].port: csync2 has one port for all hosts of a group',
      '    set it as csync2: { port: … } of the group',
      'csyncd.yaml:6:11: groups.web.auto: csync2 has no keep-both',
      '    choose another policy, or backend: engine',
      'csyncd.yaml:7:28: groups.web.csync2.config_name: csync2 takes only a-z and 0-9 in the name of a config',
    ],
  },
  'ports of this node': {
    files: `
metrics: 127.0.0.1:30865
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
  c:
    backend: csync2
    key_file: /k
    hosts: [web1]
`,
    says: [
      'csyncd.yaml:1:10: metrics (127.0.0.1:30865) and listen (0.0.0.0:30865) are the same port',
      '    give one of them another port',
      'csyncd.yaml:6:3: groups.c.csync2.port (0.0.0.0:30865) and listen (0.0.0.0:30865) are the same port',
      '    give one of them another port',
    ],
  },
  'csync2 groups with the same port and files': {
    files: inGroup(`
    backend: csync2
  d:
    backend: csync2
    key_file: /k
    hosts: [web1]
    csync2: { config_dir: /var/lib/csyncd/csync2/web, database_dir: /x }
  e:
    backend: csync2
    key_file: /k
    hosts: [web1]
    csync2: { port: 1, database_dir: /x }
`),
    says: [
      'csyncd.yaml:10:5: groups.d.csync2.port (0.0.0.0:30865) and groups.web.csync2.port (0.0.0.0:30865) are the same port',
      '    give one of them another port',
      'csyncd.yaml:10:27: groups web and d have the same csync2 files: config_dir /var/lib/csyncd/csync2/web, config_name (none)',
      '    give each its own config_dir or config_name',
      'csyncd.yaml:15:38: groups d and e have the same csync2 files: database_dir /x, config_name (none)',
      '    give each its own database_dir or config_name',
    ],
  },
  'an action twice': {
    files: inGroup(`
    actions:
      - { name: a, pattern: [x], exec: [x] }
      - { name: a, pattern: [x], exec: [x] }
`),
    says: ['csyncd.yaml:7:17: group web has two actions named a', '    give each its own name'],
  },
  'a group that is not run here is checked': {
    files: inGroup(`
  other:
    key_file: /k
    hosts: [a, b, a]
`),
    says: ['csyncd.yaml:7:19: host a is in group other twice', '    every host is listed once'],
  },
  'faults of form do not hide those of sense': {
    files: `
listen: x
logg: {}
groups:
  web:
    key_file: /k
    hosts: [web1, web2, web2, 7, { port: 0 }]
    mappings:
      m:
        path: /srv/m
        delay: 1x
      n: { path: /srv/q, delay: 5s, max_delay: 1s }
  db:
    hosts: [a, a]
  x:
    key_file: /k
    hosts: [a, b, b]
`,
    says: [
      'csyncd.yaml:1:9: listen must be ADDRESS:PORT, not "x"',
      '    for example 0.0.0.0:30865 or "[::]:30865"',
      'csyncd.yaml:2:1: unknown key "logg"',
      '    did you mean "log"?',
      'csyncd.yaml:6:25: host web2 is in group web twice',
      '    every host is listed once',
      'csyncd.yaml:6:31: groups.web.hosts[3] must be a host name (letters, digits, ".", "-", "_"), not 7',
      '    put it in quotes: "7"',
      'csyncd.yaml:6:34: groups.web.hosts[4].name is missing',
      'csyncd.yaml:6:42: groups.web.hosts[4].port must be a whole number from 1 to 65535, not 0',
      'csyncd.yaml:10:16: groups.web.mappings.m.delay must be a duration such as 250ms, 10s, 5m, 1h or 30d, not "1x"',
      'csyncd.yaml:11:48: groups.web.mappings.n.max_delay (1s) is shorter than delay (5s)',
      '    max_delay is the longest that delay may be drawn out',
      'csyncd.yaml:12:3: groups.db.key_file is missing',
      '    write one with `csyncd keygen FILE` and copy it to all nodes',
      'csyncd.yaml:16:19: host b is in group x twice',
      '    every host is listed once',
    ],
  },
  warnings: {
    files: `
listen: "0.0.0.0:4000"
groups:
  web:
    key_file: /k
    hosts: [web1]
`,
    says: [
      'ok',
      'csyncd.yaml:4:5: group web has no mappings, so nothing is shared',
      'csyncd.yaml:5:12: group web has one host, so nothing is shared yet',
      'csyncd.yaml:5:13: peers dial web1 at port 30865, but this node listens on 4000',
      '    set its port in the hosts, unless something forwards it',
    ],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
