/** Hosts that do not go together, and which of them this machine is. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'no group': {
    files: 'groups: {}\n',
    says: [
      'csyncd.yaml:1:9: no group is defined',
      '    a group names hosts, their key and the mappings they share',
    ],
  },
  'a node that is no host': {
    files: `
node: db
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: ['csyncd.yaml:1:7: node "db" is in no group\'s hosts', '    known here: web1, web2'],
  },
  'a node with a slip of the pen': {
    files: `
node: wbe1
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: ['csyncd.yaml:1:7: node "wbe1" is in no group\'s hosts', '    did you mean "web1"?'],
  },
  'a machine that is no host': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [a, b]
`,
    says: [
      'csyncd.yaml:1:1: this machine is named "web1", which is in no group\'s hosts',
      '    set node to the name that this machine has in the hosts',
    ],
  },
  'a machine that could be two hosts': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1.a.org, web1.b.org]
`,
    says: [
      'csyncd.yaml:1:1: this machine is named "web1", which could be web1.a.org or web1.b.org',
      '    set node to one of them',
    ],
  },
  'a host twice': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1, web2, WEB1]
`,
    says: ['csyncd.yaml:4:25: host WEB1 is in group web twice', '    every host is listed once'],
  },
  'two hosts at one address': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [web1, { name: web2, address: web1 }]
`,
    says: [
      'csyncd.yaml:4:19: hosts web1 and web2 have the same address and port, web1:30865',
      '    give each host its own address or port',
    ],
  },
  'a group without hosts': {
    files: `
groups:
  web:
    key_file: /k
    hosts: []
`,
    says: ['csyncd.yaml:4:12: group web has no hosts', '    list all nodes of the group, this one too'],
  },
  'a group that only receives': {
    files: `
groups:
  web:
    key_file: /k
    hosts: [{ name: web1, role: receive }, { name: web2, role: receive }]
`,
    says: [
      'csyncd.yaml:4:12: every host of group web has role receive, so nothing is ever sent',
      '    at least one host needs role: full',
    ],
  },
  'a host with two addresses': {
    files: inGroup(`
  db:
    key_file: /k
    hosts: [web1, { name: web2, address: 10.0.0.2 }]
`),
    says: [
      'csyncd.yaml:7:19: host web2 is at 10.0.0.2:30865 in group db, but at web2:30865 in group web',
      '    two nodes share one connection for all groups: give the same address and port',
    ],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
