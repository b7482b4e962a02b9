/** Keys that are unknown, missing, or not names. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, inMapping, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'unknown keys': {
    files: `
nodes: a
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
    exlude: []
    hots: 1
`,
    says: [
      'csyncd.yaml:1:1: unknown key "nodes"',
      '    did you mean "node"?',
      'csyncd.yaml:6:5: unknown key "exlude" in groups.web',
      '    known here: key_file, hosts, backend, auto, backup, mappings, actions, csync2',
      'csyncd.yaml:7:5: unknown key "hots" in groups.web',
      '    did you mean "hosts"?',
    ],
  },
  'a key in another style': {
    files: inMapping(`
        maxDelay: 1s
        sync: 1
`),
    says: [
      'csyncd.yaml:8:9: unknown key "maxDelay" in groups.web.mappings.m',
      '    did you mean "max_delay"?',
      'csyncd.yaml:9:9: unknown key "sync" in groups.web.mappings.m',
      '    known here: path, paths, exclude, include, delay, max_delay, rescan, durability, owner, max_delete',
    ],
  },
  'an unknown key of a host': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1, { name: web2, adress: x }]
`,
    says: ['csyncd.yaml:4:33: unknown key "adress" in groups.web.hosts[1]', '    did you mean "address"?'],
  },
  'a group name that is none': {
    files: `
groups:
  Web!:
    key_file: /k
    hosts: [web1]
`,
    says: [
      'csyncd.yaml:2:3: groups.Web!: the name must be lower-case letters, digits, "-" and "_", at most 63, starting with a letter or digit',
    ],
  },
  'a mapping name that is none': {
    files: inGroup(`
    mappings:
      m n: { path: /srv/m }
`),
    says: [
      'csyncd.yaml:6:7: groups.web.mappings.m n: the name must be lower-case letters, digits, "-" and "_", at most 63, starting with a letter or digit',
    ],
  },
  'a group without key and hosts': {
    files: `
groups:
  web:
    auto: none
`,
    says: [
      'csyncd.yaml:2:3: groups.web.key_file is missing',
      '    write one with `csyncd keygen FILE` and copy it to all nodes',
      'csyncd.yaml:2:3: groups.web.hosts is missing',
    ],
  },
  'a host without a name': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [{ address: x }, web1]
`,
    says: ['csyncd.yaml:4:13: groups.web.hosts[0].name is missing'],
  },
  'a mapping without a path': {
    files: inGroup(`
    mappings:
      m: {}
`),
    says: ['csyncd.yaml:6:7: groups.web.mappings.m.path is missing'],
  },
  'a mapping with nothing in it': {
    files: inGroup(`
    mappings:
      m:
`),
    says: ['csyncd.yaml:6:9: groups.web.mappings.m must be a map of keys and values, not empty'],
  },
  'a certificate without the rest': {
    files: `
tls: { ca: /a }
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: ['csyncd.yaml:1:1: tls.cert is missing', 'csyncd.yaml:1:1: tls.key is missing'],
  },
  'no groups at all': {
    files: 'node: web1\n',
    says: ['csyncd.yaml:1:1: groups is missing'],
  },
  'groups left empty': {
    files: 'groups:\n',
    says: ['csyncd.yaml:1:8: groups must be a map of keys and values, not empty'],
  },
  'an action without anything': {
    files: inGroup(`
    actions:
      - {}
`),
    says: [
      'csyncd.yaml:6:9: groups.web.actions[0].name is missing',
      'csyncd.yaml:6:9: groups.web.actions[0].pattern is missing',
      'csyncd.yaml:6:9: groups.web.actions[0].exec is missing',
    ],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
