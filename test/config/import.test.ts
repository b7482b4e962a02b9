/** `config import`: the text that comes out, and that `config check` takes it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { renderFault } from '../../src/config/fault.ts';
import { importFiles } from '../../src/config/import/import-files.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { verdict } from './kit.ts';

interface Outcome {
  readonly yaml: string;
  readonly warnings: string[];
  readonly faults: string[];
}

/** Imports files written to a folder, which is `DIR` in them and in what comes out. */
function imported(files: Readonly<Record<string, string>>): Outcome {
  const dir = makeTempDir();
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(dir, name), text.replaceAll('DIR', dir), 'latin1');
    return join(dir, name);
  });
  const { yaml, warnings, faults } = importFiles(paths);
  const shown = (text: string): string => text.replaceAll(dir, '/DIR');
  return {
    yaml: shown(yaml ?? ''),
    warnings: warnings.map((warning) => shown(renderFault(warning))),
    faults: faults.map((fault) => shown(renderFault(fault))),
  };
}

/** Without comments, for what is not about them. */
function bare(yaml: string): string {
  return yaml
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n');
}

const GROUP = 'host web1 web2; key /etc/k;';

describe('csync2.cfg', () => {
  const whole = imported({
    'csync2_web.cfg': `# all of it
nossl * *;
ignore uid gid;
prefix app { on web3: /srv/app; on *: /nowhere/app; }
group cluster {
  host web1 web2@10.0.0.2 (web3@10.0.0.3);
  key web.key;
  auto younger;
  include /nowhere/shared;
  exclude *~ .*.swp;
  exclude /nowhere/shared/cache;
  include /nowhere/shared/cache/keep;
  include %app%/conf;
  backup-directory /var/backups/csync2;
  backup-generations 5;
  action {
    pattern %app%/conf/*.conf;
    exec "/usr/sbin/nginx -s reload";
    logfile /var/log/it's.log;
    do-local;
  }
}
`,
  });

  it('becomes a csyncd.yaml', () => {
    assert.equal(
      bare(whole.yaml),
      `groups:
  web:
    key_file: /DIR/web.key
    hosts:
      - web1
      - { name: web2, address: 10.0.0.2 }
      - { name: web3, address: 10.0.0.3, role: receive }
    backend: engine
    auto: younger
    backup: { generations: 5 }
    mappings:
      shared:
        path: /nowhere/shared
        exclude:
          - /cache
          - /cache/**
          - "!/cache/"
          - "!/cache/keep"
          - "!/cache/keep/**"
          - "*~"
          - .*.swp
        owner: ignore
      conf:
        path: /nowhere/app/conf
        paths: { web3: /srv/app/conf }
        exclude:
          - "*~"
          - .*.swp
        owner: ignore
    actions:
      - name: nginx--s-reload
        pattern:
          - /*.conf
        exec:
          - sh
          - -c
          - |-
            { /usr/sbin/nginx -s reload
            } >> '/var/log/it'\\''s.log' 2>&1
        where: everywhere`,
    );
  });

  it('is warned of where it differs, each with its line, and commented', () => {
    const lines = [
      '/DIR/csync2_web.cfg:2: nossl * *: csyncd always encrypts',
      '/DIR/csync2_web.cfg:16: action: its patterns hold in all mappings of the group, and not only where csync2 has them',
      '/DIR/csync2_web.cfg:12: include /nowhere/shared/cache/keep: /cache/ itself is synchronized too, since it leads there',
      '/DIR/csync2_web.cfg:9: include /nowhere/shared: is not on this machine, and was taken for a directory',
      '/DIR/csync2_web.cfg:13: include %app%/conf: is not on this machine, and was taken for a directory',
    ];
    assert.deepEqual(whole.warnings, lines);
    for (const line of lines) assert.ok(whole.yaml.includes(`# ${line}\n`), line);
  });

  it('gives what config check takes', () => assert.deepEqual(verdict(whole.yaml), ['ok']));

  it('is a group for each of its own, named after both', () => {
    const { yaml } = imported({
      'csync2_data.cfg': `group A.b { ${GROUP} include /nowhere/x; } group { ${GROUP} include /nowhere/y; }`,
      'csync2_data2.cfg': `group A.b { ${GROUP} include /nowhere/z/x; }`,
      'csync2.cfg': `group A.b { ${GROUP} include /nowhere/w; }`,
    });
    assert.deepEqual(yaml.match(/^ {2}\S+:$/gm), ['  data-a-b:', '  data-group_1:', '  data2:', '  a-b:']);
    assert.deepEqual(yaml.match(/^ {6}\S+:$/gm), ['      x:', '      y:', '      x-2:', '      w:']);
    assert.deepEqual(verdict(yaml), ['ok']);
  });

  it('leaves out what csyncd cannot have, and says so', () => {
    const { yaml, warnings } = imported({
      'csync2.cfg': `group a { ${GROUP} include /nowhere/x; include /var; include /*.conf; include %none%/x; }
group b { host web1 web2@10.0.0.2; key /k; include /nowhere/x/y; include /nowhere/y; exclude a/b; }
group c { ${GROUP} include /nowhere/z; exclude z; }
`,
    });
    assert.deepEqual(
      warnings.filter((warning) => !warning.includes('was taken for a directory')),
      [
        '/DIR/csync2.cfg:1: include /*.conf: begins at /, and csyncd has no mapping for a whole system; it is left out',
        '/DIR/csync2.cfg:1: %none%/x: prefix none is on no host of the group; there is no mapping for it',
        '/DIR/csync2.cfg:1: /var: csyncd keeps files of its own in /var/lib/csyncd; move it (state_dir, control_socket) or include less; there is no mapping for it',
        '/DIR/csync2.cfg:2: host web2 is at 10.0.0.2 here and at web2 in a group before; csyncd has one for all groups: web2',
        '/DIR/csync2.cfg:2: /nowhere/x/y: on host web1 it overlaps /nowhere/x, and a directory belongs to one mapping only; there is no mapping for it',
        '/DIR/csync2.cfg:2: exclude a/b: is compared with single names, and never matches: it needs a "/" in front to be a path',
        '/DIR/csync2.cfg:3: /nowhere/z: nothing below it is selected in csync2 either; there is no mapping for it',
      ],
    );
    assert.match(verdict(yaml).join(), /^ok,[^,]*group c has no mappings, so nothing is shared$/);
  });

  it('that is broken is a fault with its line', () => {
    const { yaml, faults } = imported({ 'csync2.cfg': 'group a {\n  host web1;\n}\n' });
    assert.equal(yaml, '');
    assert.deepEqual(faults, ['/DIR/csync2.cfg:1: group a has no key, which csync2 refuses']);
  });
});
