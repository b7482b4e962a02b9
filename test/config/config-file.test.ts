/** `csync2: { config_file: … }`: a group whose csync2.cfg is managed elsewhere. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { databaseFile, rootName } from '../../src/config/csync2/names.ts';
import { showConfig } from '../../src/config/show.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { good, verdict } from './kit.ts';

const dir = makeTempDir();
const file = join(dir, 'csync2_web.cfg');
writeFileSync(
  file,
  `
config ${dir}/more;
prefix app { on web2: /srv/app; on *: ${dir}/app; }
group one {
  host web1@10.0.0.1 web2 (web3);
  key web.key;
  include ${dir}/shared;
  exclude *.swp;
  include %app%/conf;
  auto younger;
  backup-generations 5;
}
group two {
  host web1 (web4);
  key other.key;
  include ${dir}/shared/sub ${dir}/two;
}
`,
);
writeFileSync(join(dir, 'more'), 'ignore uid gid;\n');
mkdirSync(join(dir, 'shared'));

const group = (lines: string, name = file): string =>
  `\ngroups:\n  web:\n    csync2: { config_file: ${name} }\n${lines}`;

describe('config_file', () => {
  const config = good(group(''));
  const [web] = config.groups;
  assert.ok(web);

  it('gives hosts, key, policy and backups', () => {
    assert.equal(web.backend, 'csync2');
    assert.deepEqual(
      web.hosts.map(({ name, address, port, role }) => [name, address, port, role]),
      [
        ['web1', '10.0.0.1', 30865, 'full'],
        ['web2', 'web2', 30865, 'full'],
        ['web3', 'web3', 30865, 'receive'],
        ['web4', 'web4', 30865, 'receive'],
      ],
    );
    assert.equal(web.keyFile, join(dir, 'web.key'));
    assert.equal(web.auto, 'younger');
    assert.equal(web.backup.generations, 5);
  });

  it('tells whether csync2 calls in clear: when a nossl covers all calls between its hosts', () => {
    const inClear = (nossl: string): boolean | undefined => {
      const name = join(dir, 'csync2_clear.cfg');
      writeFileSync(
        name,
        `${nossl}\ngroup g { host web1@10.0.0.1 web2; key web.key; include ${dir}/shared; }\n`,
      );
      return good(group('', name)).groups[0]?.csync2?.noSsl;
    };
    assert.equal(web.csync2?.noSsl, false);
    assert.equal(inClear('nossl * *;'), true);
    assert.equal(inClear('nossl 10.* web?; nossl web2 10.0.0.1;'), true);
    assert.equal(inClear('nossl web1 *;'), false);
    assert.equal(inClear('nossl 10.* *;'), false);
  });

  it('gives mappings: what overlaps is one, and all below it is watched', () => {
    assert.deepEqual(
      web.mappings.map(({ name, path, paths, exclude, include, owner }) => ({
        name,
        path,
        paths,
        exclude,
        include,
        owner,
      })),
      [
        { name: 'shared', path: `${dir}/shared`, paths: {}, exclude: [], include: [], owner: 'ignore' },
        {
          name: 'conf',
          path: `${dir}/app/conf`,
          paths: { web2: '/srv/app/conf' },
          exclude: ['*.swp'],
          include: [],
          owner: 'ignore',
        },
        { name: 'two', path: `${dir}/two`, paths: {}, exclude: [], include: [], owner: 'ignore' },
      ],
    );
    assert.deepEqual(web.csync2?.roots, {
      shared: `${dir}/shared`,
      conf: '%app%/conf',
      two: `${dir}/two`,
    });
  });

  it('keeps the names that csync2 has for the directories', () => {
    const names = web.mappings.map((mapping) => rootName(mapping, web.csync2?.roots));
    assert.deepEqual(names, [`${dir}/shared`, '%app%/conf', `${dir}/two`]);
  });

  it("says where csync2's own files are, and which files were read", () => {
    assert.equal(web.csync2?.configFile, file);
    assert.equal(web.csync2?.configDir, dir);
    assert.equal(web.csync2?.configName, 'web');
    assert.equal(databaseFile(web, 'web1'), '/var/lib/csync2/web1_web.db3');
    assert.deepEqual(config.files.slice(1), [file, `${dir}/more`]);
  });

  it('goes with times of its mappings', () => {
    const { groups } = good(
      group('    mappings: { conf: { delay: 1s, max_delay: 5s, rescan: 2h, max_delete: 10% } }'),
    );
    const mapping = groups[0]?.mappings.find(({ name }) => name === 'conf');
    assert.ok(mapping);
    const { path, delayMs, maxDelayMs, rescanMs, maxDeletePercent } = mapping;
    assert.deepEqual(
      [path, delayMs, maxDelayMs, rescanMs, maxDeletePercent],
      [`${dir}/app/conf`, 1000, 5000, 7_200_000, 10],
    );
  });

  it('is shown so that it reads back', () => {
    const again = good(stringify(showConfig(config)));
    assert.deepEqual(again.groups, config.groups);
  });
});

describe('config_file is refused', () => {
  const faults = (lines: string, name = file): string[] =>
    verdict(group(lines, name)).map((line) => line.replaceAll(dir, '/DIR'));

  it('with what it says itself', () => {
    assert.deepEqual(
      faults(
        '    hosts: [web1]\n    key_file: /k\n    backend: engine\n    mappings: { conf: { path: /x, delay: 1s }, coonf: {} }',
      ),
      [
        'csyncd.yaml:4:5: groups.web.hosts is said by the config_file /DIR/csync2_web.cfg',
        '    drop it here, or drop config_file',
        'csyncd.yaml:5:5: groups.web.key_file is said by the config_file /DIR/csync2_web.cfg',
        '    drop it here, or drop config_file',
        'csyncd.yaml:6:14: groups.web.backend must be csync2 with a config_file',
        '    drop config_file, or take `csyncd config import` for the engine',
        'csyncd.yaml:7:25: groups.web.mappings.conf.path is said by the config_file /DIR/csync2_web.cfg',
        '    drop it here, or drop config_file',
        'csyncd.yaml:7:48: groups.web.mappings.coonf: /DIR/csync2_web.cfg includes nothing that is called so',
        '    did you mean "conf"?',
      ],
    );
  });

  it('with a name that csync2 does not look for', () => {
    assert.deepEqual(faults('', '/etc/csync2_Web.cfg'), [
      'csyncd.yaml:3:28: groups.web.csync2.config_file must be the whole path of a csync2.cfg or csync2_NAME.cfg',
      '    NAME is of a-z and 0-9, as for csync2 -C',
    ]);
  });

  it('when it is missing or broken', () => {
    assert.deepEqual(faults('', '/nowhere/csync2.cfg'), [
      'csyncd.yaml:3:28: there is no file /nowhere/csync2.cfg',
    ]);
    const broken = join(dir, 'csync2_broken.cfg');
    writeFileSync(broken, '\ngroup {');
    assert.deepEqual(faults('', broken), [
      'csyncd.yaml:3:28: /DIR/csync2_broken.cfg:2: the file ends where a statement of the group or "}" should be',
    ]);
  });

  it('but not in a check of a file for another machine', () => {
    const missing = group('', '/nowhere/csync2.cfg');
    const warning = [
      'csyncd.yaml:3:28: there is no file /nowhere/csync2.cfg',
      '    the group is checked where its file is',
    ];
    assert.deepEqual(verdict(missing, { elsewhere: true }), ['ok', ...warning]);
    assert.deepEqual(verdict(missing, { elsewhere: true, strict: true }), [warning[0]]);
    const more = `${missing}  two:\n    key_file: /k\n    hosts: [db1, db2]\n    frob: 1\n`;
    assert.match(verdict(more, { elsewhere: true }).join(), /^csyncd\.yaml:\d+:\d+: [^:]*frob/);
  });
});

describe('several with one listener', () => {
  const other = join(dir, 'csync2_data.cfg');
  writeFileSync(other, `group g { host web1 web2; key k; include ${dir}/data; }\n`);
  const two = (more: string): string =>
    `\ngroups:\n  web:\n    csync2: { config_file: ${file}${more} }\n  data:\n    csync2: { config_file: ${other}${more} }\n`;
  it('are good when the listener is not csyncd’s own', () => {
    assert.deepEqual(verdict(two(', listener: external')), ['ok']);
    assert.match(verdict(two('')).join(), /are the same port/);
  });
});
