import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemdDropIn } from '../../src/config/unit.ts';
import { good, inGroup, inMapping } from './kit.ts';

test('the unit may write to the mappings, and waits for their mounts', () => {
  assert.equal(
    systemdDropIn(good(inMapping('      n: { path: /x, paths: { web1: /srv/a, web2: /y } }\n'))),
    `# csyncd config unit > /etc/systemd/system/csyncd.service.d/paths.conf
[Unit]
RequiresMountsFor=/srv/a
RequiresMountsFor=/srv/m

[Service]
ReadWritePaths=-/srv/a
ReadWritePaths=-/srv/m
`,
  );
});

test('state, socket and csync2 files that are not where the unit has them', () => {
  const config = good(`
state_dir: /data/state
control_socket: /run/other/c.sock
${inGroup('    backend: csync2\n    csync2: { config_dir: /etc/csync2 }\n').trim()}
`);
  assert.deepEqual(
    systemdDropIn(config)
      .split('\n')
      .filter((line) => line.includes('=')),
    [
      'ReadWritePaths=-/data/state',
      'ReadWritePaths=-/data/state/csync2/web',
      'ReadWritePaths=-/etc/csync2',
      'ReadWritePaths=-/run/other',
    ],
  );
});

test('trees that the unit hides are shown where a mapping needs it', () => {
  const settings = (path: string): string[] =>
    systemdDropIn(good(inMapping('').replace('/srv/m', path)))
      .split('\n')
      .filter((line) => line.endsWith('=no'));
  assert.deepEqual(settings('/home/web'), ['ProtectHome=no']);
  assert.deepEqual(settings('/root'), ['ProtectHome=no']);
  assert.deepEqual(settings('/var/tmp/x'), ['PrivateTmp=no']);
  assert.deepEqual(settings('/homes'), []);
});

test("paths are written in systemd's syntax", () => {
  const lines = systemdDropIn(good(inMapping('').replace('/srv/m', String.raw`'/srv/100% "a\b'`))).split(
    '\n',
  );
  assert.ok(lines.includes(String.raw`RequiresMountsFor="/srv/100%% \"a\\b"`));
  assert.ok(lines.includes(String.raw`ReadWritePaths="-/srv/100%% \"a\\b"`));
});
