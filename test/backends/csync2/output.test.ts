/** Every situation is made with the real csync2, so that its own words are what is read. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ClientOutput, type ClientReport, type FileResult } from '../../../src/backends/csync2/output.ts';
import { isProtocolLine } from '../../../src/backends/csync2/protocol-lines.ts';
import { Csync2Host, PORT } from './hosts.ts';

const here = new Csync2Host();
const peer = new Csync2Host();
const third = new Csync2Host();
const all = [here, peer, third];

before(async () => {
  configure();
  await peer.listen();
});
after(() => peer.close());

type Config = NonNullable<Parameters<Csync2Host['configure']>[1]>;

function configure(config: Config = {}): void {
  for (const host of all) host.configure(all, config);
}

async function read(
  args: readonly string[],
  peerName: string | null,
  paths?: readonly string[],
  binary = 'csync2',
): Promise<ClientReport> {
  const output = new ClientOutput(peerName);
  await here.program({ binary }).run({
    args,
    ...(paths === undefined ? {} : { paths }),
    onLine: (line) => output.line(line),
  });
  return output.finish();
}

const update = (verbosity: '-v' | '-vvv' = '-v', to = peer) =>
  read([verbosity, '-u', '-P', to.address], to.address);

/** The same twice, as a lane does: once to send, once more to find out why. */
async function refused(): Promise<{ plain: ClientReport; why: ClientReport }> {
  await here.check();
  return { plain: await update('-v'), why: await update('-vvv') };
}

function file(report: ClientReport, name: string): FileResult {
  const found = report.files.find((result) => result.name === name);
  assert.ok(found, `${name} in ${JSON.stringify(report)}`);
  return found;
}

/** Equal trees and databases that owe nothing. */
async function level(): Promise<void> {
  configure();
  for (const host of all) {
    fs.rmSync(host.databaseFile, { force: true });
    fs.rmSync(host.root, { recursive: true, force: true });
    fs.mkdirSync(host.root);
  }
  await Promise.all(all.map((host) => host.program().run({ args: ['-cIr'], paths: [host.root] })));
}

describe('what csync2 says of files', () => {
  beforeEach(level);

  for (const verbosity of ['-v', '-vvv'] as const) {
    it(`is read whatever their names (${verbosity})`, async () => {
      const names = ['a b', 'caf\xe9', 'line\nbreak on x ...', 'on %$"\'\\|:', 'd', 'd/e', '\x01\x7f'];
      for (const name of names) if (name !== 'd') here.write(name, 'x');
      const { marked, errors, problem } = await read(['-v', '-cr'], null, [here.root]);
      assert.equal(errors, 0);
      assert.equal(problem, null);
      const cut = names.map((name) => `%p%/${name.split('\n')[0]}`);
      assert.deepEqual([...marked].sort(), cut.sort());
      const report = await update(verbosity);
      const sent = report.files.map(({ name, state }) => `${name} ${state}`);
      assert.deepEqual(sent.sort(), names.map((name) => `%p%/${name} sent`).sort());
      assert.equal(report.problem, null);
      assert.equal(report.errors, 0);
      if (verbosity === '-v') assert.deepEqual(report.other, []);
      assert.ok(!JSON.stringify(report).includes('kkkk'), 'the key is not kept');
    });
  }

  it('tells deletions', async () => {
    here.write('d/f', 'x');
    await here.check();
    await update();
    here.remove('d');
    peer.remove('d/f');
    await here.check();
    const report = await update();
    assert.deepEqual(
      report.files.map(({ name, action, state }) => ({ name, action, state })),
      [
        { name: '%p%/d/f', action: 'delete', state: 'equal' },
        { name: '%p%/d', action: 'delete', state: 'sent' },
      ],
    );
  });

  async function edited(auto: string): Promise<void> {
    here.write('both', 'here');
    await here.check();
    await update();
    configure({ group: auto });
    here.write('both', 'here again');
    peer.write('both', 'there');
    await Promise.all([here.check(), peer.check()]);
  }

  it('tells conflicts that nobody decides, when asked why', async () => {
    await edited('');
    assert.deepEqual(file(await update(), '%p%/both'), {
      name: '%p%/both',
      action: 'update',
      state: 'failed',
      reason: 'unknown',
      message: null,
      remedy: 'see what csync2 says in the log of the peer',
      conflict: null,
    });
    const why = file(await update('-vvv'), '%p%/both');
    assert.equal(why.reason, 'conflict');
    assert.equal(why.conflict, 'left');
    assert.equal(why.message, 'File is also marked dirty here!');
  });

  for (const [auto, outcome] of [
    ['first', 'won'],
    ['left', 'won'],
    ['right', 'lost'],
    ['bigger', 'won'],
    ['smaller', 'lost'],
  ] as const) {
    it(`tells conflicts that are ${outcome} by auto ${auto}`, async () => {
      await edited(`auto ${auto};`);
      const result = file(await update(), '%p%/both');
      assert.equal(result.conflict, outcome);
      assert.equal(result.state, outcome === 'won' ? 'sent' : 'failed');
      assert.equal(result.reason, outcome === 'won' ? null : 'conflict');
    });
  }

  for (const [auto, outcome] of [
    ['', 'left'],
    ['auto younger;', 'lost'],
    ['auto first;', 'won'],
  ] as const) {
    it(`tells the conflict of a deletion: ${outcome}`, async () => {
      here.write('gone', 'x');
      await here.check();
      await update();
      configure({ group: auto });
      here.remove('gone');
      peer.write('gone', 'changed');
      await Promise.all([here.check(), peer.check()]);
      const result = file(await update(), '%p%/gone');
      assert.equal(result.conflict, outcome);
      assert.equal(result.reason, outcome === 'won' ? null : 'conflict');
    });
  }

  it('tells why a peer refused them', async () => {
    here.write('f', 'x');
    await here.check();
    peer.setKey(`${'b'.repeat(64)}\n`);
    const { plain, why } = await refused();
    assert.equal(file(plain, '%p%/f').reason, 'unknown');
    assert.equal(plain.problem, null);
    assert.equal(file(why, '%p%/f').reason, 'permission');
    peer.setKey(`${'k'.repeat(64)}\n`);
    peer.configure(all, { group: 'exclude %p%/f;' });
    assert.equal(file((await refused()).why, '%p%/f').reason, 'permission');
    configure({ hosts: `host ${peer.address} ${third.address} (${here.address});` });
    assert.equal(file((await refused()).why, '%p%/f').reason, 'slave');
  });

  it('tells what the peer’s disk did not take', async () => {
    here.write('d/f', 'x');
    await here.check();
    await update();
    peer.configure(all, { group: 'exclude %p%/d/keep;' });
    peer.write('d/keep', 'x');
    here.remove('d');
    const full = await refused();
    assert.equal(file(full.plain, '%p%/d/f').state, 'sent');
    assert.equal(file(full.why, '%p%/d').reason, 'not-empty');
    await level();
    here.write('f', 'x');
    mount(['--bind', peer.root, peer.root], ['-o', 'remount,ro,bind', peer.root]);
    const readOnly = await refused().finally(() => spawnSync('umount', [peer.root]));
    assert.equal(file(readOnly.why, '%p%/f').reason, 'peer-disk');
    assert.match(file(readOnly.why, '%p%/f').message ?? '', /Read-only file system/);
    mount(['-t', 'tmpfs', '-o', 'size=64k', 'none', peer.root]);
    here.write('f', 'x'.repeat(200_000));
    const noSpace = await refused().finally(() => spawnSync('umount', [peer.root]));
    for (const report of [noSpace.plain, noSpace.why]) {
      assert.equal(report.problem?.reason, 'interrupted');
      assert.ok(!report.files.some(({ name, state }) => name === '%p%/f' && state === 'sent'));
      assert.deepEqual(report.other, []);
    }
  });

  it('tells how a missing directory is sent again, which is no failure', async () => {
    here.write('d/f', 'x');
    await here.check();
    await update();
    peer.remove('d');
    await peer.program().run({ args: ['-cIr'], paths: [peer.root] });
    here.write('d/f', 'xx');
    await here.check();
    const report = await update();
    assert.deepEqual(
      report.files.map(({ name, state }) => [name, state]),
      [
        ['%p%/d', 'sent'],
        ['%p%/d/f', 'sent'],
      ],
    );
    assert.deepEqual(report.marked, ['%p%/d/f', '%p%/d']);
    assert.equal(report.problem, null);
  });
});

describe('what csync2 says of a peer', () => {
  beforeEach(async () => {
    await level();
    here.write('f', 'x');
    await here.check();
  });

  const reason = (report: ClientReport) => report.problem?.reason;

  it('tells that there is nobody', async () => {
    const report = await update('-v', third);
    assert.equal(report.problem?.reason, 'unreachable');
    assert.equal(report.problem.message, "Can't create socket: Connection refused");
    assert.match(report.problem.remedy, /listener/);
    assert.deepEqual(report.other, []);
    here.configure(all, { hosts: `host ${here.address} no.such.host.invalid;` });
    here.write('f', 'xxx');
    await here.check();
    const unknown = await read(['-v', '-u', '-P', 'no.such.host.invalid'], 'no.such.host.invalid');
    assert.equal(reason(unknown), 'unreachable');
    assert.match(unknown.problem?.message ?? '', /^Cannot resolve peername/);
  });

  it('tells that the peer has no such group, or no config that can be read', async () => {
    peer.configure(all, { hosts: `host ${here.address} ${third.address};` });
    assert.equal(reason(await update()), 'not-configured');
    fs.writeFileSync(join(peer.dir, 'csync2.cfg'), 'grp {');
    assert.equal(reason(await update()), 'not-configured');
  });

  it('tells that the peer does not know who calls, when asked why', async () => {
    here.configure(all, { hosts: `host ${here.address}@127.0.0.9 ${peer.address};` });
    here.write('f', 'another');
    await here.check();
    assert.equal(reason(await update('-v')), 'unknown');
    assert.equal(reason(await update('-vvv')), 'identification');
  });

  it('tells that the peer wants TLS, when asked why', async () => {
    peer.configure(all, { tls: true });
    assert.equal(reason(await update('-v')), 'unknown');
    assert.equal(reason(await update('-vvv')), 'tls-expected');
  });

  it('tells that csync2 finds no SQLite', async () => {
    const binary = join(here.dir, 'csync2-without-sqlite');
    const library = /=> (\S*libsqlite3\.so\.0)$/m.exec(
      spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout,
    )?.[1];
    const hidden = `mount --bind /dev/null ${library}; exec csync2 "$@"`;
    fs.writeFileSync(binary, `#!/bin/sh\nexec unshare -m sh -c '${hidden}' csync2 "$@"\n`, { mode: 0o755 });
    const report = await read(['-v', '-cr'], null, [here.root], binary);
    assert.equal(reason(report), 'own-sqlite');
    assert.match(report.problem?.message ?? '', /libsqlite3/);
  });

  it('tells what is wrong on this node', async () => {
    here.configure(all, { tls: true });
    assert.equal(reason(await update()), 'own-tls');
    fs.writeFileSync(join(here.dir, 'csync2.cfg'), 'grp {');
    assert.equal(reason(await update()), 'own-config');
    here.configure(all, { hosts: `host ${peer.address};` });
    assert.equal(reason(await update()), 'own-config');
    fs.rmSync(join(here.dir, 'group.key'));
    configure();
    assert.equal(reason(await update()), 'own-config');
    here.setKey(`${'k'.repeat(64)}\n`);
  });

  it('tells that the peer went away in the middle, and counts nothing as sent that may not be', async () => {
    const closing = createServer((socket) => {
      socket.once('data', () => socket.destroy());
    }).listen(PORT, third.address);
    const report = await update('-v', third).finally(() => closing.close());
    assert.ok(report.problem !== null);
    assert.deepEqual(report.files, []);
  });
});

describe('TLS', () => {
  let writes = 0;
  before(level);
  beforeEach(async () => {
    configure({ tls: true });
    // A size of its own: csync2 does not see a change within the second that leaves the size as it was.
    here.write('f', 'x'.repeat(++writes));
    await here.check();
  });

  function certificates(subjects: { readonly here: string; readonly peer: string }): void {
    here.makeCertificate(subjects.here);
    peer.makeCertificate(subjects.peer);
  }

  it('goes through with certificates of one subject, then notices a new one on either side', async () => {
    certificates({ here: '/CN=csync2', peer: '/CN=csync2' });
    const first = await update();
    assert.equal(first.usesTls, true);
    assert.equal(file(first, '%p%/f').state, 'sent');
    here.makeCertificate('/CN=csync2');
    here.write('f', 'second');
    await here.check();
    assert.equal((await update('-v')).problem?.reason, 'unknown');
    assert.equal((await update('-vvv')).problem?.reason, 'identification');
    peer.makeCertificate('/CN=csync2');
    assert.equal((await update()).problem?.reason, 'certificate-changed');
  });

  it('fails between certificates of different subjects', async () => {
    for (const host of all) fs.rmSync(host.databaseFile, { force: true });
    certificates({ here: '/CN=one', peer: '/CN=other' });
    await here.check();
    const report = await update();
    assert.equal(report.problem?.reason, 'not-configured');
    assert.equal(report.usesTls, true);
  });

  it('fails when the peer has no certificate', async () => {
    fs.rmSync(join(peer.dir, 'csync2_ssl_cert.pem'));
    assert.equal((await update()).problem?.reason, 'tls-failed');
  });
});

describe('what csync2 says beyond', () => {
  it('is kept', () => {
    const output = new ClientOutput('peer');
    for (const line of ['WARNING: Parameter will be ignored: /etc/passwd', 'Updating a name that never ends'])
      output.line(line);
    for (let index = 0; index < 5000; index++) output.line(`filler ${index}`);
    const report = output.finish();
    assert.equal(report.other[0], 'WARNING: Parameter will be ignored: /etc/passwd');
    assert.match(report.other[1] ?? '', /^Updating a name that never ends\nfiller 0\n/);
    assert.equal(report.other.length, 100, 'bounded');
    assert.equal(isProtocolLine('Local> SIG KEY'), true);
  });
});

function mount(...commands: readonly string[][]): void {
  for (const args of commands) assert.equal(spawnSync('mount', args).status, 0, args.join(' '));
}
