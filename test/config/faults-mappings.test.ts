/** Mappings whose times or directories do not go together. Every message with its line and column. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inGroup, inMapping, verdict } from './kit.ts';

interface Case {
  readonly files: string;
  readonly says: readonly string[];
}

const table: Record<string, Case> = {
  'a path for a host that is not there': {
    files: inMapping('        paths: { web3: /x, web2: /y }\n'),
    says: [
      'csyncd.yaml:8:24: groups.web.mappings.m.paths names web3, which is not a host of this group',
      '    did you mean "web1"?',
    ],
  },
  'a max_delay below delay': {
    files: inMapping(`
        delay: 5s
        max_delay: 1s
`),
    says: [
      'csyncd.yaml:9:20: groups.web.mappings.m.max_delay (1s) is shorter than delay (5s)',
      '    max_delay is the longest that delay may be drawn out',
    ],
  },
  'directories in each other, or the same': {
    files: inMapping(`
      n: { path: /srv/m/n }
      o: { path: /srv/m/, paths: { web1: /srv/o } }
  db:
    key_file: /k
    hosts: [web2]
    mappings: { x: { path: /srv } }
`),
    says: [
      'csyncd.yaml:7:15: groups.web.mappings.m.path: /srv/m on node web2 lies inside /srv, the path of groups.db.mappings.x',
      '    a directory belongs to one mapping: move it, or drop one of the two',
      'csyncd.yaml:8:18: groups.web.mappings.n.path: /srv/m/n on node web1 lies inside /srv/m, the path of groups.web.mappings.m',
      '    a directory belongs to one mapping: move it, or drop one of the two',
      'csyncd.yaml:8:18: groups.web.mappings.n.path: /srv/m/n on node web2 lies inside /srv/m, the path of groups.web.mappings.o',
      '    a directory belongs to one mapping: move it, or drop one of the two',
      'csyncd.yaml:9:18: groups.web.mappings.o.path: /srv/m on node web2 is also the path of groups.web.mappings.m',
      '    a directory belongs to one mapping: move it, or drop one of the two',
    ],
  },
  "a node's own path inside another": {
    files: inMapping('      n: { path: /srv/n, paths: { web2: /srv/m/n } }\n'),
    says: [
      'csyncd.yaml:8:41: groups.web.mappings.n.paths.web2: /srv/m/n on node web2 lies inside /srv/m, the path of groups.web.mappings.m',
      '    a directory belongs to one mapping: move it, or drop one of the two',
    ],
  },
  'the state inside a mapping': {
    files: inGroup(`
    mappings:
      m:
        path: /var/lib
`),
    says: [
      'csyncd.yaml:7:15: state_dir /var/lib/csyncd lies inside /var/lib, the path of groups.web.mappings.m',
      '    csyncd must not watch what it writes itself',
    ],
  },
  'a mapping inside the state': {
    files: inGroup(`
    mappings:
      m:
        path: /var/lib/csyncd/x
`),
    says: [
      'csyncd.yaml:7:15: groups.web.mappings.m.path: /var/lib/csyncd/x lies inside state_dir /var/lib/csyncd',
      '    csyncd must not watch what it writes itself',
    ],
  },
  'the control socket inside a mapping': {
    files: inGroup(`
    mappings:
      m:
        path: /run/csyncd
`),
    says: [
      'csyncd.yaml:7:15: control_socket /run/csyncd/control.sock lies inside /run/csyncd, the path of groups.web.mappings.m',
      '    csyncd must not watch what it writes itself',
    ],
  },
  'the whole file system': {
    files: inGroup(`
    mappings:
      m:
        path: /
`),
    says: [
      'csyncd.yaml:7:15: state_dir /var/lib/csyncd lies inside /, the path of groups.web.mappings.m',
      '    csyncd must not watch what it writes itself',
      'csyncd.yaml:7:15: control_socket /run/csyncd/control.sock lies inside /, the path of groups.web.mappings.m',
      '    csyncd must not watch what it writes itself',
    ],
  },
};

for (const [name, { files, says }] of Object.entries(table)) {
  test(name, () => assert.deepEqual(verdict(files), says));
}
