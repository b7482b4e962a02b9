/** Words, patterns, counts, actions and options of the wrong kind. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, inMapping, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'a percentage without its sign': {
    files: inMapping('        max_delete: 50\n'),
    says: [
      'csyncd.yaml:8:21: groups.web.mappings.m.max_delete must be a percentage such as 50%, not 50',
      '    write it with its sign: 50%',
    ],
  },
  'a percentage over 100': {
    files: inMapping('        max_delete: 150%\n'),
    says: ['csyncd.yaml:8:21: groups.web.mappings.m.max_delete must be a percentage such as 50%, not "150%"'],
  },
  'words that are not in the list': {
    files: inMapping(`
        durability: strickt
        owner: 1
    backend: rsync
    auto: newest
`),
    says: [
      'csyncd.yaml:8:21: groups.web.mappings.m.durability must be one of strict, relaxed, not "strickt"',
      '    did you mean "strict"?',
      'csyncd.yaml:9:16: groups.web.mappings.m.owner must be one of name, numeric, ignore, not 1',
      'csyncd.yaml:10:14: groups.web.backend must be one of engine, csync2, not "rsync"',
      'csyncd.yaml:11:11: groups.web.auto must be one of none, first, younger, older, bigger, smaller, left, right, keep-both, not "newest"',
    ],
  },
  patterns: {
    files: inMapping(`
        exclude: ["[a", "!", 5, ok, ""]
        include: ["!x", "/a//b"]
`),
    says: [
      'csyncd.yaml:8:19: groups.web.mappings.m.exclude[0]: the pattern "[a" has a "[" without its "]"',
      'csyncd.yaml:8:25: groups.web.mappings.m.exclude[1]: the pattern "!" names nothing',
      'csyncd.yaml:8:30: groups.web.mappings.m.exclude[2] must be a pattern, not 5',
      '    put it in quotes: "5"',
      'csyncd.yaml:8:37: groups.web.mappings.m.exclude[4]: the pattern "" names nothing',
      'csyncd.yaml:9:19: groups.web.mappings.m.include[0] must be a pattern without "!" in front, not "!x"',
      '    take paths out with exclude; a name that starts with "!" is written "\\!name"',
      'csyncd.yaml:9:25: groups.web.mappings.m.include[1]: the pattern "/a//b" has two slashes in a row',
    ],
  },
  'a pattern instead of a list': {
    files: inMapping('        exclude: "*.tmp"\n'),
    says: ['csyncd.yaml:8:18: groups.web.mappings.m.exclude must be a list, not "*.tmp"'],
  },
  'keep counts': {
    files: inGroup('    backup: { generations: 0, keep: 0 }\n'),
    says: [
      'csyncd.yaml:5:28: groups.web.backup.generations must be a whole number from 1 to 1000, not 0',
      'csyncd.yaml:5:37: groups.web.backup.keep must be a duration from 1s to 3650d, not 0',
    ],
  },
  'keep counts that are no numbers': {
    files: inGroup('    backup: { generations: 1.5, keep: forever }\n'),
    says: [
      'csyncd.yaml:5:28: groups.web.backup.generations must be a whole number from 1 to 1000, not 1.5',
      'csyncd.yaml:5:39: groups.web.backup.keep must be a duration such as 250ms, 10s, 5m, 1h or 30d, not "forever"',
    ],
  },
  actions: {
    files: inGroup(`
    actions:
      - { name: a, pattern: [], exec: [], where: here, timeout: 0 }
      - { name: A b, pattern: ["!x"], exec: [""] }
      - { name: c, pattern: [x], exec: systemctl reload nginx }
`),
    says: [
      'csyncd.yaml:6:29: groups.web.actions[0].pattern must not be empty',
      'csyncd.yaml:6:39: groups.web.actions[0].exec must not be empty',
      'csyncd.yaml:6:50: groups.web.actions[0].where must be one of receiver, origin, everywhere, not "here"',
      'csyncd.yaml:6:65: groups.web.actions[0].timeout must be a duration from 1s to 1d, not 0',
      'csyncd.yaml:7:17: groups.web.actions[1].name must be lower-case letters, digits, "-" and "_", at most 63, starting with a letter or digit, not "A b"',
      'csyncd.yaml:7:32: groups.web.actions[1].pattern[0] must be a pattern without "!" in front, not "!x"',
      '    take paths out with exclude; a name that starts with "!" is written "\\!name"',
      'csyncd.yaml:7:46: groups.web.actions[1].exec[0] must be text that is not empty, not ""',
      'csyncd.yaml:8:40: groups.web.actions[2].exec must be a list, not "systemctl reload nginx"',
    ],
  },
  "csync2's options": {
    files: inGroup(`
    backend: csync2
    csync2: { no_ssl: yes, args: -v, lock_timeout: 12, port: 0, listener: systemd }
`),
    says: [
      'csyncd.yaml:6:23: groups.web.csync2.no_ssl must be true or false, not "yes"',
      'csyncd.yaml:6:34: groups.web.csync2.args must be a list, not "-v"',
      'csyncd.yaml:6:52: groups.web.csync2.lock_timeout must be a duration such as 250ms, 10s, 5m, 1h or 30d, not 12',
      '    give the unit: 12s',
      'csyncd.yaml:6:62: groups.web.csync2.port must be a whole number from 1 to 65535, not 0',
      'csyncd.yaml:6:75: groups.web.csync2.listener must be one of csyncd, external, not "systemd"',
    ],
  },
  'a node that is a number': {
    files: `
node: 1
groups:
  web:
    key_file: /k
    hosts: [web1, web2]
`,
    says: [
      'csyncd.yaml:1:7: node must be a host name (letters, digits, ".", "-", "_"), not 1',
      '    put it in quotes: "1"',
    ],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
