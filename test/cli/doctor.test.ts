import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { examineInotify } from '../../src/cli/doctor/inotify.ts';
import { examinePeers } from '../../src/cli/doctor/peers.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import type { PeerStatus, StatusReport } from '../../src/control/client.ts';
import { writeGroupKey } from '../../src/config/key.ts';
import { createCertificate } from '../../src/util/certificate.ts';
import { canned } from '../kit/operations.ts';
import { makeTempDir } from '../kit/temp-dir.ts';
import { run } from './program.ts';

const { web } = canned.groups;
assert.ok(web?.peers['web2']);
const healthy: PeerStatus = web.peers['web2'];

function withPeer(change: Partial<PeerStatus>): StatusReport {
  return {
    ...canned,
    groups: { web: { backend: 'engine', mappings: {}, peers: { web2: { ...healthy, ...change } } } },
  };
}

const brief = (findings: readonly Finding[]): string[] =>
  findings.map(({ level, check }) => `${level} ${check}`);

describe('doctor, of peers', () => {
  const rows: [string, Partial<PeerStatus>, string[], RegExp][] = [
    ['is content with one that is connected', {}, ['ok peer'], /^$/],
    ['finds one that is down', { state: 'down', last_error: 'ECONNREFUSED' }, ['fail peer'], /firewall/],
    [
      'finds one that is refused',
      { state: 'rejected', last_error: 'other certificate', remedy: 'csyncd peers forget web2' },
      ['fail peer'],
      /peers forget web2/,
    ],
    ['reminds of one that is paused', { state: 'paused' }, ['warn peer'], /csyncd resume --peer web2/],
    ['finds clocks apart', { clock_skew_ms: -5_000 }, ['ok peer', 'fail clock'], /chrony/],
    [
      'finds unequal rules',
      { state: 'rejected', config_match: false, remedy: 'compare `csyncd config show`' },
      ['fail config'],
      /csyncd config show/,
    ],
    [
      'finds a connected one that cannot apply changes',
      { last_error: '2 not applied there' },
      ['fail peer'],
      /on web2: csyncd status/,
    ],
  ];
  for (const [name, change, expected, remedy] of rows) {
    it(name, () => {
      const findings = examinePeers(withPeer(change));
      assert.deepEqual(brief(findings), expected);
      assert.match(findings.at(-1)?.remedy ?? '', remedy);
    });
  }
});

it('doctor finds that the watches run out', () => {
  const watcher = {
    directories: 90,
    limit: 100,
    overflows: 0,
    mode: 'events',
    host_restarts: 0,
    sweep_hits: 0,
  } as const;
  const mapping = web.mappings['shared'];
  assert.ok(mapping);
  const report: StatusReport = {
    ...canned,
    groups: { web: { backend: 'engine', peers: {}, mappings: { shared: { ...mapping, watcher } } } },
  };
  const found = examineInotify(report).find(({ level }) => level === 'fail');
  assert.match(found?.message ?? '', /90 directories are watched, 100 are allowed/);
  assert.match(found?.remedy ?? '', /max_user_watches/);
});

describe('doctor without a daemon', () => {
  it('looks at config, key, directory, disk and the way to the peers; exits 1', async () => {
    const dir = makeTempDir();
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    writeGroupKey(join(dir, 'web.key'));
    mkdirSync(join(dir, 'files'));
    const file = join(dir, 'csyncd.yaml');
    writeFileSync(
      file,
      `
node: web1
state_dir: ${join(dir, 'state')}
control_socket: ${join(dir, 'control.sock')}
groups:
  web:
    key_file: ${join(dir, 'web.key')}
    hosts: [web1, { name: web2, address: 127.0.0.1, port: ${port} }]
    mappings:
      shared: { path: ${join(dir, 'files')} }
`,
    );
    const { code, out } = await run(['doctor', '--json', '--config', file]);
    listener.close();
    const { healthy, findings } = JSON.parse(out) as { healthy: boolean; findings: Finding[] };
    assert.deepEqual([code, healthy], [1, false]);
    const of = (check: string): Finding[] => findings.filter((finding) => finding.check === check);
    assert.deepEqual(brief(of('config')), ['ok config']);
    assert.deepEqual(brief(of('daemon')), ['fail daemon']);
    assert.deepEqual(brief(of('peer')), ['ok peer']);
    assert.equal(of('disk').length, 2);
    assert.equal(of('inotify').length, 3);
    assert.ok(findings.every(({ level, remedy }) => level === 'ok' || remedy !== null));
  });

  it('dials csync2 where it listens, and looks at what csync2 needs', async () => {
    const dir = makeTempDir();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    writeGroupKey(join(dir, 'web.key'));
    mkdirSync(join(dir, 'files'));
    mkdirSync(join(dir, 'system'));
    const file = join(dir, 'csyncd.yaml');
    const write = (more: string): void =>
      writeFileSync(
        file,
        `
node: web1
state_dir: ${join(dir, 'state')}
control_socket: ${join(dir, 'control.sock')}
groups:
  web:
    backend: csync2
    key_file: ${join(dir, 'web.key')}
    hosts: [{ name: web1, address: 127.0.0.2 }, { name: web2, address: 127.0.0.1 }]
    mappings:
      shared: { path: ${join(dir, 'files')} }
    csync2: { port: ${port}, binary: /bin/true, config_dir: ${join(dir, 'system')}, ${more} }
`,
      );
    const found = async (check: string): Promise<Finding[]> => {
      const { out } = await run(['doctor', '--json', '--config', file]);
      return (JSON.parse(out) as { findings: Finding[] }).findings.filter((one) => one.check === check);
    };
    const identity = (key: string, cert: string): void => {
      writeFileSync(join(dir, 'system/csync2_ssl_key.pem'), key, { mode: 0o600 });
      writeFileSync(join(dir, 'system/csync2_ssl_cert.pem'), cert);
    };
    write('');
    assert.deepEqual(brief(await found('peer')), ['ok peer']);
    assert.deepEqual(brief(await found('certificate')), []);
    assert.deepEqual(brief(await found('csync2')), ['ok csync2']);

    const [own, other] = [await createCertificate('csync2', []), await createCertificate('web1', [])];
    identity(own.key, own.cert);
    assert.deepEqual(brief(await found('csync2')), ['ok csync2']);
    identity(own.key, other.cert);
    assert.match((await found('csync2'))[0]?.message ?? '', /is not the key of/);
    identity(other.key, other.cert);
    const [subject] = await found('csync2');
    assert.equal(subject?.level, 'warn');
    assert.match(subject.message, /is CN=web1: csync2 reaches only peers/);
    identity(own.key, 'nothing');
    assert.match((await found('csync2'))[0]?.remedy ?? '', /^delete .*csyncd peers forget/);

    write('no_ssl: true, listener: external');
    writeFileSync(join(dir, 'system/csync2.lock'), '');
    const [lock, clear, listener] = await found('csync2');
    assert.match(lock?.remedy ?? '', /rm .*csync2\.lock$/);
    assert.equal(clear?.level, 'ok');
    assert.match(listener?.message ?? '', /^nobody serves web on 127\.0\.0\.2:/);
    assert.match(listener?.remedy ?? '', /systemctl start csync2\.socket/);
    server.close();
  });

  it('names a missing directory with its place in the file', async () => {
    const file = join(makeTempDir(), 'csyncd.yaml');
    writeFileSync(
      file,
      'node: web1\ngroups:\n  web:\n    key_file: /nonexistent/key\n    hosts: [web1, web2]\n    mappings:\n      shared: { path: /nonexistent/dir }\n',
    );
    const { code, out } = await run(['doctor', '--config', file]);
    assert.equal(code, 1);
    assert.match(out, /FAIL {2}config: .*csyncd\.yaml:7: there is no directory \/nonexistent\/dir\n {6}do: /);
  });
});
