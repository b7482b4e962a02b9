/** Fragments that say again what another file says. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMapping, verdict, type Written } from './kit.ts';

interface Case {
  readonly files: Written;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'the same scalar twice': {
    files: {
      main: inMapping(''),
      'a.yaml': `
node: web1
groups:
  web:
    hosts: [web3]
    auto: none
    mappings:
      m: { path: /other, delay: 1s }
`,
      'b.yaml': `
node: web1
groups: { web: { auto: none, mappings: { m: { delay: 1s, exclude: [a] } } } }
`,
      'c.yaml': 'groups: []\n',
    },
    says: [
      'conf.d/a.yaml:7:12: groups.web.mappings.m.path is already set in csyncd.yaml, line 7',
      '    set it in one of the two files only',
      'conf.d/b.yaml:1:1: node is already set in conf.d/a.yaml, line 1',
      '    set it in one of the two files only',
      'conf.d/b.yaml:2:18: groups.web.auto is already set in conf.d/a.yaml, line 5',
      '    set it in one of the two files only',
      'conf.d/b.yaml:2:47: groups.web.mappings.m.delay is already set in conf.d/a.yaml, line 7',
      '    set it in one of the two files only',
      'conf.d/c.yaml:1:1: groups is already set in csyncd.yaml, line 2',
      '    set it in one of the two files only',
    ],
  },
  'a list that is not one of hosts or actions, twice': {
    files: {
      main: inMapping('        exclude: [a]\n'),
      'a.yaml': `
groups:
  web:
    mappings:
      m:
        exclude: [b]
`,
    },
    says: [
      'conf.d/a.yaml:5:9: groups.web.mappings.m.exclude is already set in csyncd.yaml, line 8',
      '    set it in one of the two files only',
    ],
  },
  'a host twice': {
    files: {
      main: inMapping(''),
      'a.yaml': 'groups: { web: { hosts: [web2] } }\n',
    },
    says: ['conf.d/a.yaml:1:26: host web2 is in group web twice', '    every host is listed once'],
  },
  'faults of every file at once': {
    files: {
      main: inMapping('        dely: 1s\n'),
      'a.yaml': `
groups:
  web:
    mappings:
      n: { path: srv }
`,
      'b.yaml': `
groups:
  web:
    actions: [{ name: 1 }]
`,
    },
    says: [
      'csyncd.yaml:8:9: unknown key "dely" in groups.web.mappings.m',
      '    did you mean "delay"?',
      'conf.d/a.yaml:4:18: groups.web.mappings.n.path must be an absolute path, not "srv"',
      '    start it with "/"',
      'conf.d/b.yaml:3:15: groups.web.actions[0].pattern is missing',
      'conf.d/b.yaml:3:15: groups.web.actions[0].exec is missing',
      'conf.d/b.yaml:3:23: groups.web.actions[0].name must be lower-case letters, digits, "-" and "_", at most 63, starting with a letter or digit, not 1',
      '    put it in quotes: "1"',
    ],
  },
  'syntax of every file at once': {
    files: {
      main: inMapping(''),
      'a.yaml': 'a: [\n',
      'b.yaml': '	x',
    },
    says: [
      'conf.d/a.yaml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      'conf.d/b.yaml:1:1: not valid YAML: Tabs are not allowed as indentation',
      '    indent with blanks',
    ],
  },
  'a name that is overlooked': {
    files: {
      main: inMapping(''),
      'a.yml': 'node: web1\n',
      '.b.yaml': 'a: b\n',
      'c.yaml~': 'c\n',
    },
    says: ['ok', 'conf.d/a.yml: is ignored: a fragment ends in .yaml', '    rename it'],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
