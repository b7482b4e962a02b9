/** `config import`: the text that comes out, and that `config check` takes it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
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
  const paths = Object.entries(files).flatMap(([name, text]) => {
    writeFileSync(join(dir, name), text.replaceAll('DIR', dir), 'latin1');
    return /\.(cfg|lua)$/.test(name) ? [join(dir, name)] : [];
  });
  const { yaml, warnings, faults } = importFiles(paths, 'web1');
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

describe('lsyncd.conf.lua', () => {
  it('in front of csync2 gives its times to what csync2.cfg includes', () => {
    const { yaml, warnings } = imported({
      'csync2_wwwdata.cfg': `group web { ${GROUP} include /var/www/data/ini /var/www/data/zip; }`,
      'csync2_wwwshared.cfg': `group web { ${GROUP} include /var/www/shared; exclude .*.swp; }`,
      'lsyncd.conf.lua': readFileSync(new URL('lsyncd/csync2.conf.lua', import.meta.url), 'utf8'),
    });
    assert.match(bare(yaml), /wwwdata:[^]*ini:\n +path: \/var\/www\/data\/ini\n +max_delay: 1s\n/);
    assert.equal(yaml.match(/max_delay: 1s/g)?.length, 3);
    assert.ok(
      warnings.includes('/DIR/lsyncd.conf.lua:4: settings.logfile: csyncd logs to the journal'),
      warnings.join('\n'),
    );
    assert.ok(
      warnings.includes(
        '/DIR/lsyncd.conf.lua:61: sync /var/www/data/png: csync2_wwwdata.cfg includes nothing there',
      ),
      warnings.join('\n'),
    );
    assert.deepEqual(verdict(yaml), ['ok']);
  });

  it('in front of csync2, alone, asks for the csync2.cfg', () => {
    const { yaml, warnings, faults } = imported({
      'l.lua': 'sync { source = "/x", action = function(i) spawn(i, "csync2", "-C", "web", "-x") end }',
    });
    assert.equal(yaml, '');
    assert.deepEqual(warnings, [
      '/DIR/l.lua:1: sync /x: its hosts and patterns are in csync2_web.cfg: name that file too',
    ]);
    assert.deepEqual(faults, ['/DIR/l.lua: nothing in it can be imported']);
  });

  const copies = imported({
    ignored: '*.o\n# no\n+ no\n\n- /obj/\n',
    'lsyncd.conf.lua': `
settings { maxProcesses = 3 }
for _, host in ipairs({ "b1.example.org", 'root@b2' }) do
  sync { default.rsyncssh, source = "/srv/www/", host = host, targetdir = "/data/www", delay = 5,
    exclude = { '*.tmp', '/cache/' }, excludeFrom = "DIR/ignored", delete = 'running',
    rsync = { archive = true, compress = true, bwlimit = 2000, _extra = { "--chmod=D755" } }, ssh = { port = 2222 } }
end
sync { default.rsync, source = "/srv/db", target = "b2:/srv/db/", filter = { '+ /keep/', '- *.bak' }, exclude = "*~", name = "db x" }
sync { default.direct, source = "/srv/x", target = "/mnt/x" }
sync { default.rsync, source = "/srv/y", target = "h::mod/y" }
sync { default.rsync, source = os.getenv("X"), target = "h:/y" }
sync { source = "/srv/z", onCreate = "cp ^source x" }
`,
  });

  it('that copies one way is a group of this node and its targets', () => {
    assert.equal(
      bare(copies.yaml),
      `groups:
  to-b1-b2:
    key_file: /etc/csyncd/keys/to-b1-b2.key
    hosts:
      - web1
      - { name: b1.example.org, role: receive }
      - { name: b2, role: receive }
    backend: engine
    mappings:
      www:
        path: /srv/www
        paths: { b1.example.org: /data/www, b2: /data/www }
        exclude:
          - "*.tmp"
          - /cache/
          - "*.o"
          - /obj/
        max_delay: 5s
  to-b2:
    key_file: /etc/csyncd/keys/to-b2.key
    hosts:
      - web1
      - { name: b2, role: receive }
    backend: engine
    mappings:
      db-x:
        path: /srv/db
        exclude:
          - "*~"
          - "*.bak"
          - "!/keep/"
        owner: ignore`,
    );
    assert.deepEqual(verdict(copies.yaml), ['ok']);
  });

  it('is warned of where it differs', () => {
    assert.deepEqual(
      copies.warnings.filter((warning) => !warning.includes('/ignored')),
      [
        '/DIR/lsyncd.conf.lua:2: settings.maxProcesses: csyncd starts no processes',
        '/DIR/lsyncd.conf.lua:9: sync /srv/x: copies to /mnt/x on the same machine, and csyncd synchronizes between machines; it is left out',
        "/DIR/lsyncd.conf.lua:10: sync /srv/y: h::mod/y is a module of an rsync daemon: its path stands in the target's rsyncd.conf; it is left out",
        '/DIR/lsyncd.conf.lua:11: sync: only Lua knows its source; it is left out',
        '/DIR/lsyncd.conf.lua:12: sync /srv/z: only Lua knows what its own action does; it is left out',
        '/DIR/lsyncd.conf.lua:5: delete = running: csyncd always deletes on the others too (max_delete holds a mass deletion)',
        '/DIR/lsyncd.conf.lua:6: ssh: csyncd uses its own encrypted connection on port 30865, and no ssh',
        '/DIR/lsyncd.conf.lua:6: rsync.bwlimit: see limits: { send_rate: … } of the config, for all mappings together',
        '/DIR/lsyncd.conf.lua:6: rsync._extra: --chmod=D755 is not carried over',
      ],
    );
  });
});
