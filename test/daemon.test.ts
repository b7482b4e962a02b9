import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { writeGroupKey } from '../src/config/key.ts';
import { ControlClient } from '../src/control/client.ts';
import { Daemon } from './kit/cluster/daemon.ts';
import { until } from './kit/cluster/until.ts';
import { makeTempDir } from './kit/temp-dir.ts';

const BIN = new URL('../bin/csyncd', import.meta.url).pathname;
const running: Daemon[] = [];

afterEach(async () => {
  for (const daemon of running.splice(0)) {
    if (daemon.exit === null) daemon.signal('SIGKILL');
    await daemon.exited;
  }
});

/** A place for one node, whose peer is never there. */
async function place() {
  const dir = makeTempDir();
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  await once(listener.close(), 'close');
  writeGroupKey(join(dir, 'web.key'));
  for (const name of ['shared', 'spool']) mkdirSync(join(dir, name));
  const file = join(dir, 'csyncd.yaml');
  const config = (change: object = {}, mappings: object = {}, groups: object = {}): void =>
    writeFileSync(
      file,
      JSON.stringify({
        node: 'web1',
        listen: `127.0.0.1:${port}`,
        state_dir: join(dir, 'state'),
        control_socket: join(dir, 'control.sock'),
        log: { format: 'json' },
        groups: {
          web: {
            key_file: join(dir, 'web.key'),
            hosts: [
              { name: 'web1', address: '127.0.0.1', port },
              { name: 'web2', address: '127.0.0.1', port: 1 },
            ],
            mappings: {
              shared: { path: join(dir, 'shared') },
              spool: { path: join(dir, 'spool') },
              ...mappings,
            },
          },
          ...groups,
        },
        ...change,
      }),
    );
  config();
  const start = (env: Readonly<Record<string, string>> = {}): Daemon => {
    const command = [BIN, 'run', '--config', file];
    const daemon = new Daemon(command, join(dir, 'log'), { NOTIFY_SOCKET: '', ...env });
    running.push(daemon);
    return daemon;
  };
  const log = (): string => readFileSync(join(dir, 'log'), 'utf8');
  const csyncd = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(BIN, [...args, '--config', file], { encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  };
  // Asked in this process: a command a question would take most of the test's time.
  const client = new ControlClient(join(dir, 'control.sock'));
  const states = async (): Promise<Record<string, string>> => {
    const report = await client.call('status', {}).catch(() => null);
    const mappings = Object.values(report?.groups ?? {}).flatMap((group) => Object.entries(group.mappings));
    return Object.fromEntries(mappings.map(([name, { state }]) => [name, state]));
  };
  const reaches = (wanted: Record<string, string>): Promise<unknown> =>
    until(JSON.stringify(wanted), async () => isDeepStrictEqual(await states(), wanted), { explain: log });
  return { dir, file, port, config, start, csyncd, states, reaches, log };
}

const live = { shared: 'ok', spool: 'ok' };

describe('the daemon', () => {
  it('runs its mappings, and ends with 0 on SIGTERM and on SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const node = await place();
      const daemon = node.start();
      await node.reaches(live);
      daemon.signal(signal);
      assert.deepEqual(await daemon.exited, { code: 0, signal: null }, node.log());
      assert.equal(existsSync(join(node.dir, 'control.sock')), false);
      assert.equal(node.csyncd('status').code, 2);
    }
  });

  it('with a bad config ends with 78 and every fault', async () => {
    const node = await place();
    node.config({ frob: 1 });
    const { code, err } = node.csyncd('run');
    assert.equal(code, 78);
    assert.match(err, /csyncd\.yaml:\d+:\d+: .*frob/);
  });

  it('refuses to be the second on one state directory, and leaves the first alone', async () => {
    const node = await place();
    node.start();
    await node.reaches(live);
    node.config({ control_socket: join(node.dir, 'other.sock'), listen: '127.0.0.1:0' });
    writeFileSync(node.file, readFileSync(node.file, 'utf8').replace('127.0.0.1:0', '127.0.0.1:1'));
    const second = node.csyncd('run');
    assert.equal(second.code, 1);
    assert.match(second.err, /^csyncd: .*daemon\.lock is locked by process \d+\n {2}Only one csyncd/m);
    node.config();
    assert.deepEqual(await node.states(), live);
  });

  it('starts after a kill -9', async () => {
    const node = await place();
    const first = node.start();
    await node.reaches(live);
    first.signal('SIGKILL');
    await first.exited;
    node.start();
    await node.reaches(live);
  });

  it('whose port is taken says so and ends', async () => {
    const node = await place();
    const other = createServer().listen(node.port, '127.0.0.1');
    await once(other, 'listening');
    const { code, err } = node.csyncd('run');
    other.close();
    assert.equal(code, 1, err);
    assert.match(err, new RegExp(`${node.port}`));
    assert.doesNotMatch(err, /\n {4}at /);
  });

  it('whose state directory cannot be made says so and ends', async () => {
    const node = await place();
    writeFileSync(join(node.dir, 'file'), '');
    node.config({ state_dir: join(node.dir, 'file', 'state') });
    const { code, err } = node.csyncd('run');
    assert.equal(code, 1);
    assert.match(err, /^csyncd: cannot use the state directory .*\n {2}let csyncd write it/m);
  });

  it('waits for a root that is missing, and for one that is a file; others are not affected', async () => {
    const node = await place();
    rmdirSync(join(node.dir, 'spool'));
    node.start();
    await node.reaches({ shared: 'ok', spool: 'missing' });
    assert.match(node.csyncd('status').out, /spool: .*mount or create/);
    assert.equal(node.csyncd('sync', 'spool:').code, 1);
    writeFileSync(join(node.dir, 'spool'), 'a file');
    await until('the file to be named', () => /spool: .*not a directory/.test(node.csyncd('status').out));
    rmSync(join(node.dir, 'spool'));
    mkdirSync(join(node.dir, 'spool'));
    await node.reaches(live);
  });

  it('takes a root that vanishes for lost, not for emptied', async () => {
    const node = await place();
    writeFileSync(join(node.dir, 'shared', 'a'), 'a');
    node.start();
    await node.reaches(live);
    renameSync(join(node.dir, 'shared'), join(node.dir, 'away'));
    await node.reaches({ shared: 'missing', spool: 'ok' });
    renameSync(join(node.dir, 'away'), join(node.dir, 'shared'));
    await node.reaches(live);
    assert.equal(readFileSync(join(node.dir, 'shared', 'a'), 'utf8'), 'a');
  });
});

describe('a root that was removed and made anew', () => {
  async function remade() {
    const node = await place();
    const root = join(node.dir, 'shared');
    for (const name of ['a', 'b']) writeFileSync(join(root, name), name);
    const daemon = node.start();
    await node.reaches(live);
    assert.match(node.csyncd('status').out, /shared +ok +2 /);
    rmSync(root, { recursive: true });
    mkdirSync(root);
    writeFileSync(join(root, 'new'), 'new');
    await node.reaches({ shared: 'missing', spool: 'ok' });
    return { ...node, root, daemon };
  }

  const taken = async (node: Awaited<ReturnType<typeof remade>>) => {
    await node.reaches(live);
    await until('only what is in it now', () => /shared +ok +1 /.test(node.csyncd('status').out));
  };

  it('waits, says what to do, and is taken by approve; reject and other mappings do not touch it', async () => {
    const node = await remade();
    assert.match(node.csyncd('status').out, /shared: .*csyncd approve shared/);
    const rejected = node.csyncd('reject', 'shared');
    assert.equal(rejected.code, 1);
    assert.match(rejected.err, /csyncd approve shared/);
    const { code, out, err } = node.csyncd('approve', 'shared');
    assert.equal(code, 0, err);
    assert.match(out, /shared: .*directory/);
    await taken(node);
    assert.equal(node.csyncd('approve', 'shared').code, 1);
  });

  it('is taken when somebody makes .csyncd in it', async () => {
    const node = await remade();
    mkdirSync(join(node.root, '.csyncd'));
    await taken(node);
  });

  it('is in error after a restart, until approve', async () => {
    const node = await remade();
    node.daemon.signal('SIGTERM');
    await node.daemon.exited;
    node.start();
    await node.reaches({ shared: 'error', spool: 'ok' });
    assert.match(node.csyncd('status').out, /shared: .*csyncd approve/);
    const { code, err } = node.csyncd('approve', 'shared');
    assert.equal(code, 0, err);
    await taken(node);
  });

  it('that is not there cannot be taken', async () => {
    const node = await remade();
    rmSync(node.root, { recursive: true });
    const { code, err } = node.csyncd('approve', 'shared');
    assert.equal(code, 1);
    assert.match(err, /shared does not exist/);
  });
});

describe('a reload of the daemon', () => {
  it('on SIGHUP and by command brings what differs into force', async () => {
    const node = await place();
    const daemon = node.start();
    await node.reaches(live);
    mkdirSync(join(node.dir, 'new'));
    node.config({}, { new: { path: join(node.dir, 'new') } });
    assert.deepEqual(node.csyncd('reload'), { code: 0, out: 'group web: mapping new added\n', err: '' });
    await node.reaches({ ...live, new: 'ok' });
    node.config();
    daemon.signal('SIGHUP');
    await node.reaches(live);
  });

  it('of a bad config is refused loudly, and the one before stays in force', async () => {
    const node = await place();
    const daemon = node.start();
    await node.reaches(live);
    node.config({ frob: 1 });
    const refused = node.csyncd('reload');
    assert.equal(refused.code, 78);
    assert.match(refused.err, /csyncd\.yaml:\d+:\d+: .*frob/);
    daemon.signal('SIGHUP');
    await until('a second refusal in the log', () => node.log().split('the config was refused').length === 3);
    assert.deepEqual(await node.states(), live);
  });

  it('that needs a restart says so', async () => {
    const node = await place();
    node.start();
    await node.reaches(live);
    node.config({ metrics: '127.0.0.1:9731' });
    const refused = node.csyncd('reload');
    assert.deepEqual(
      [refused.code, refused.err],
      [78, 'csyncd: what differs in metrics takes effect at a start only\n  systemctl restart csyncd\n'],
    );
  });
});

describe('a group whose key cannot be used', () => {
  async function twoGroups(change: object = {}) {
    const node = await place();
    const key = join(node.dir, 'mail.key');
    mkdirSync(join(node.dir, 'box'));
    const hosts = [
      { name: 'web1', address: '127.0.0.1', port: node.port },
      { name: 'mx', address: '127.0.0.1', port: 2 },
    ];
    const mail = { key_file: key, hosts, mappings: { box: { path: join(node.dir, 'box') } } };
    node.config(change, {}, { mail });
    return { ...node, key, mail };
  }

  it('is not started and says why; the others run; a reload starts it once the key is mended', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    await once(listener.close(), 'close');
    const node = await twoGroups({ metrics: `127.0.0.1:${port}` });
    node.start();
    await node.reaches({ ...live, box: 'error' });
    const status = node.csyncd('status');
    assert.equal(status.code, 1);
    assert.match(status.out, /box: there is no key .*mail\.key; write one with `csyncd keygen .*mail\.key`/);
    assert.match(node.csyncd('doctor').out, /FAIL {2}mapping: box \(mail\).*there is no key/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 503);
    assert.match(node.log(), /there is no key [^"]*mail\.key/);
    writeFileSync(join(node.dir, 'shared', 'a'), 'a');
    const sync = node.csyncd('sync');
    assert.equal(sync.code, 1);
    assert.match(sync.out + sync.err, /box.*there is no key/);
    assert.equal(node.csyncd('sync', 'shared:').code, 0);

    const still = node.csyncd('reload');
    assert.equal(still.code, 0, still.err);
    assert.match(still.err, /warning: group mail does not run: there is no key/);
    writeGroupKey(node.key);
    chmodSync(node.key, 0o644);
    assert.match(node.csyncd('reload').err, /open to others.*chmod 0600/s);
    assert.deepEqual(await node.states(), { ...live, box: 'error' });
    chmodSync(node.key, 0o600);
    assert.equal(node.csyncd('reload').code, 0);
    await node.reaches({ ...live, box: 'ok' });
  });

  it('is tried again by itself', async () => {
    const node = await twoGroups();
    node.start();
    await node.reaches({ ...live, box: 'error' });
    writeGroupKey(node.key);
    await node.reaches({ ...live, box: 'ok' });
  });

  it('ends the daemon with 78 when there is no other group that runs', async () => {
    const node = await twoGroups();
    rmSync(join(node.dir, 'web.key'));
    const { code, err } = node.csyncd('run');
    assert.equal(code, 78, err);
    assert.match(err, /^csyncd: there is no key .*web\.key\n {2}write one with/m);
  });

  it('is not put in force by a reload while it runs, nor when it is new', async () => {
    const node = await twoGroups();
    writeGroupKey(node.key);
    node.start();
    await node.reaches({ ...live, box: 'ok' });
    chmodSync(node.key, 0o604);
    const refused = node.csyncd('reload');
    assert.equal(refused.code, 78);
    assert.match(refused.err, /mail\.key is open to others/);
    chmodSync(node.key, 0o600);
    mkdirSync(join(node.dir, 'new'));
    const added = {
      ...node.mail,
      key_file: join(node.dir, 'none.key'),
      mappings: { new: { path: join(node.dir, 'new') } },
    };
    node.config({}, {}, { mail: node.mail, added });
    assert.match(node.csyncd('reload').err, /there is no key .*none\.key/);
    assert.deepEqual(await node.states(), { ...live, box: 'ok' });
  });
});

describe('a daemon whose native module cannot be loaded', () => {
  const hooks = `import { registerHooks } from 'node:module';
    registerHooks({
      resolve(name, context, next) {
        if (name === 'koffi') throw new Error('no such module here');
        return next(name, context);
      },
    });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hooks)}`;

  it('works without, and says so in its log, in status and to doctor', async () => {
    const node = await place();
    node.start({ NODE_OPTIONS });
    await node.reaches(live);
    writeFileSync(join(node.dir, 'shared', 'a'), 'a');
    assert.equal(node.csyncd('sync').code, 0);
    assert.match(node.log(), /works without its native module.*no such module here/);
    const { lacks } = JSON.parse(node.csyncd('status', '--json').out) as { lacks: { message: string }[] };
    assert.match(lacks.map(({ message }) => message).join(), /^works without its native module/);
    assert.match(
      node.csyncd('doctor').out,
      /^warn {2}daemon: works without .*\n {6}do: install csyncd anew/m,
    );
  });

  it('ends at once where systemd waits for a word of it', async () => {
    const node = await place();
    const daemon = node.start({ NODE_OPTIONS, NOTIFY_SOCKET: join(node.dir, 'notify') });
    assert.deepEqual(await daemon.exited, { code: 1, signal: null }, node.log());
    assert.match(node.log(), /systemd cannot be told that csyncd is ready.*\n {2}install csyncd anew/);
  });
});
