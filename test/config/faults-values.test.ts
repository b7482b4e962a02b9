/** Values of the wrong kind, each with what it must be. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, inMapping, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'hosts that are no list': {
    files: `
groups:
  web:
    key_file: /k
    hosts: web1
`,
    says: ['csyncd.yaml:4:12: groups.web.hosts must be a list, not "web1"'],
  },
  'hosts that are no names': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1, 12, [a], "a b", true, null]
`,
    says: [
      'csyncd.yaml:4:19: groups.web.hosts[1] must be a host name (letters, digits, ".", "-", "_"), not 12',
      '    put it in quotes: "12"',
      'csyncd.yaml:4:23: groups.web.hosts[2] must be a host name (letters, digits, ".", "-", "_"), not a list',
      'csyncd.yaml:4:28: groups.web.hosts[3] must be a host name (letters, digits, ".", "-", "_"), not "a b"',
      'csyncd.yaml:4:35: groups.web.hosts[4] must be a host name (letters, digits, ".", "-", "_"), not true',
      '    put it in quotes: "true"',
      'csyncd.yaml:4:41: groups.web.hosts[5] must be a host name (letters, digits, ".", "-", "_"), not empty',
    ],
  },
  "a host's address, port and role": {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1, { name: b, address: "10.0.0.1:99" }, { name: c, address: "a b" }, { name: d, port: 70000 }, { name: e, port: "x" }, { name: f, role: recieve }]
`,
    says: [
      'csyncd.yaml:4:39: groups.web.hosts[1].address must be a host name or an IP address, not "10.0.0.1:99"',
      '    give the port beside it: { address: 10.0.0.1, port: 99 }',
      'csyncd.yaml:4:76: groups.web.hosts[2].address must be a host name or an IP address, not "a b"',
      'csyncd.yaml:4:102: groups.web.hosts[3].port must be a whole number from 1 to 65535, not 70000',
      'csyncd.yaml:4:128: groups.web.hosts[4].port must be a whole number from 1 to 65535, not "x"',
      'csyncd.yaml:4:152: groups.web.hosts[5].role must be one of full, receive, not "recieve"',
      '    did you mean "receive"?',
    ],
  },
  'paths of nodes': {
    files: inMapping('        paths: { web1: srv, web2: /a/../b, "a b": /x }\n'),
    says: [
      'csyncd.yaml:8:24: groups.web.mappings.m.paths.web1 must be an absolute path, not "srv"',
      '    start it with "/"',
      'csyncd.yaml:8:35: groups.web.mappings.m.paths.web2 must be a path without "." and "..", not "/a/../b"',
      'csyncd.yaml:8:44: groups.web.mappings.m.paths.a b: the name must be a host name (letters, digits, ".", "-", "_")',
    ],
  },
  'a path that is relative or a number': {
    files: `
state_dir: var
control_socket: 1
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:12: state_dir must be an absolute path, not "var"',
      '    start it with "/"',
      'csyncd.yaml:2:17: control_socket must be an absolute path, not 1',
      '    start it with "/"',
    ],
  },
  'a path with a NUL': {
    files: inGroup(`
    mappings:
      m:
        path: "/srv\\0/m"
`),
    says: [
      'csyncd.yaml:7:15: groups.web.mappings.m.path must be a path without control characters, not "/srv\\u0000/m"',
    ],
  },
  'endpoints without address or port': {
    files: `
listen: 30865
metrics: localhost
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:9: listen must be ADDRESS:PORT, not 30865',
      '    for example 0.0.0.0:30865 or "[::]:30865"',
      'csyncd.yaml:2:10: metrics must be ADDRESS:PORT, not "localhost"',
      '    for example 0.0.0.0:30865 or "[::]:30865"',
    ],
  },
  'endpoints that cannot be': {
    files: `
listen: "0.0.0.0:0"
metrics: "fe80::1:9000"
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:9: listen must be ADDRESS:PORT, not "0.0.0.0:0"',
      '    for example 0.0.0.0:30865 or "[::]:30865"',
      'csyncd.yaml:2:10: metrics must be ADDRESS:PORT, not "fe80::1:9000"',
      '    for example 0.0.0.0:30865 or "[::]:30865"',
    ],
  },
  'a port too high': {
    files: `
listen: "0.0.0.0:65536"
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:9: listen must be ADDRESS:PORT, not "0.0.0.0:65536"',
      '    for example 0.0.0.0:30865 or "[::]:30865"',
    ],
  },
  'durations that are none': {
    files: inMapping(`
        delay: 5
        max_delay: fast
        rescan: 1w
`),
    says: [
      'csyncd.yaml:8:16: groups.web.mappings.m.delay must be a duration such as 250ms, 10s, 5m, 1h or 30d, not 5',
      '    give the unit: 5s',
      'csyncd.yaml:9:20: groups.web.mappings.m.max_delay must be a duration such as 250ms, 10s, 5m, 1h or 30d, not "fast"',
      'csyncd.yaml:10:17: groups.web.mappings.m.rescan must be a duration such as 250ms, 10s, 5m, 1h or 30d, not "1w"',
    ],
  },
  'durations out of bounds': {
    files: inMapping(`
        delay: 2h
        max_delay: true
        rescan: 0
`),
    says: [
      'csyncd.yaml:8:16: groups.web.mappings.m.delay must be a duration from 0s to 1h, not "2h"',
      'csyncd.yaml:9:20: groups.web.mappings.m.max_delay must be a duration such as 250ms, 10s, 5m, 1h or 30d, not true',
      'csyncd.yaml:10:17: groups.web.mappings.m.rescan must be a duration from 1s to 7d, not 0',
    ],
  },
  sizes: {
    files: `
limits: { send_rate: 1MB, receive_rate: -1 }
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:22: limits.send_rate must be a size such as 65536, 64KiB, 10MiB or 1GiB, not "1MB"',
      'csyncd.yaml:1:41: limits.receive_rate must be a size such as 65536, 64KiB, 10MiB or 1GiB, not -1',
    ],
  },
  "the log's level and format": {
    files: `
log: { level: verbose, format: jsno }
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:15: log.level must be one of trace, debug, info, warn, error, not "verbose"',
      'csyncd.yaml:1:32: log.format must be one of auto, json, pretty, not "jsno"',
      '    did you mean "json"?',
    ],
  },
  'a log that is no map': {
    files: `
log: debug
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: ['csyncd.yaml:1:6: log must be a map of keys and values, not "debug"'],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
