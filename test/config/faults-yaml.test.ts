/** What is not a config file at all: not YAML, or not a map. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMapping, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'an empty file': {
    files: '',
    says: ['csyncd.yaml:1:1: groups is missing'],
  },
  'plain text': {
    files: 'hello\n',
    says: ['csyncd.yaml:1:1: must be a map of keys and values'],
  },
  'a list': {
    files: '- a\n',
    says: ['csyncd.yaml:1:1: must be a map of keys and values'],
  },
  'a tab as indentation': {
    files: `
groups:
	web: 1
`,
    says: ['csyncd.yaml:2:1: not valid YAML: Tabs are not allowed as indentation', '    indent with blanks'],
  },
  'a key twice': {
    files: `
node: a
node: b
`,
    says: ['csyncd.yaml:2:1: not valid YAML: this key is set twice'],
  },
  'an IPv6 address without quotes': {
    files: 'listen: [::]:30865\n',
    says: [
      'csyncd.yaml:1:13: not valid YAML: Unexpected scalar at node end',
      '    put an IPv6 address in quotes: "[::]:30865"',
    ],
  },
  'two documents': {
    files: `
node: a
---
node: b
`,
    says: [
      'csyncd.yaml:2:1: not valid YAML: a second document begins here',
      '    a file holds one document; put more files into conf.d',
    ],
  },
  'a pattern that YAML takes for a tag': {
    files: inMapping('        exclude: [!keep, a]\n'),
    says: [
      'csyncd.yaml:8:19: not valid YAML: Unresolved tag: !keep',
      '    a pattern that starts with "*" or "!" needs quotes: "*.tmp"',
    ],
  },
  'a pattern that YAML takes for an alias': {
    files: inMapping('        exclude: [*.tmp]\n'),
    says: [
      'csyncd.yaml:8:19: there is no anchor for this alias, *.tmp',
      '    a pattern that starts with "*" or "!" needs quotes: "*.tmp"',
    ],
  },
  'an alias of what it stands in': {
    files: `
groups: &x
  web: *x
`,
    says: ['csyncd.yaml:2:8: this alias stands inside what it stands for'],
  },
  'a map as a key': {
    files: '{a: 1}: 2\n',
    says: ['csyncd.yaml:1:1: a key must be plain text'],
  },
  'a quote that does not end': {
    files: 'node: "abc\n',
    says: ['csyncd.yaml:2:1: not valid YAML: Missing closing "quote'],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
