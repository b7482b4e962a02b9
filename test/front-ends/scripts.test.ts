/** What the Puppet module and the Ansible role run on a node, with a systemctl, a csyncd and an nsenter that only pretend. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../kit/cluster/command.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPTS = join(ROOT, 'templates/scripts');
/** Each is published by itself, and has to bring them. */
const COPIES = ['puppet/files', 'ansible/roles/csyncd/files'];
const DROP_INS = '/etc/systemd/system/csyncd.service.d';

interface Node {
  /** shell text for each command that the script calls */
  readonly commands: Readonly<Record<string, string>>;
  /** files that are there before it runs */
  readonly files?: Readonly<Record<string, string>>;
  /** shell text that looks at what is there afterwards */
  readonly after?: string;
}

/** Runs a script where /run, /srv and systemd's directory are empty but for these files. */
async function runScript(name: string, { commands, files = {}, after = ':' }: Node) {
  const dir = makeTempDir();
  fs.mkdirSync(join(dir, 'bin'));
  for (const [command, text] of Object.entries(commands))
    fs.writeFileSync(join(dir, 'bin', command), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const lines = [
    'for d in /run /srv /etc/systemd/system; do mount -t tmpfs none $d; done',
    `mkdir -p /run/csyncd ${DROP_INS}`,
    ...Object.entries(files).map(
      ([path, content], at) => (
        fs.writeFileSync(join(dir, String(at)), content),
        `mkdir -p "$(dirname '${path}')"; cp '${join(dir, String(at))}' '${path}'`
      ),
    ),
    `PATH=${join(dir, 'bin')}:$PATH sh ${join(SCRIPTS, name)}`,
    `code=$?; ${after}; exit $code`,
  ];
  return await run(['unshare', '-m', 'sh', '-c', lines.join('\n')]);
}

test('both bring the same scripts', () => {
  for (const name of fs.readdirSync(SCRIPTS)) {
    const script = fs.readFileSync(join(SCRIPTS, name), 'utf8');
    for (const dir of COPIES) {
      const copy = fs.readFileSync(join(ROOT, dir, name), 'utf8');
      assert.equal(copy, script, `not current: cp templates/scripts/${name} ${dir}/`);
    }
  }
});

const REFUSED = '/run/csyncd/reload-refused';
const SYSTEMCTL = 'echo "$@"; [ "$1" != reload ]';

test('a reload that is in force is all', async () => {
  const { code, stdout } = await runScript('reload.sh', {
    commands: { systemctl: 'echo "$@"', csyncd: 'echo not needed' },
    files: { [REFUSED]: 'as of the last run' },
    after: `test ! -e ${REFUSED} || echo kept`,
  });
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'reload csyncd\n' });
});

test('what takes effect at a start only takes a restart', async () => {
  // The words are csyncd's: its exit code is that of any config that is refused.
  assert.match(fs.readFileSync(join(ROOT, 'src/reload.ts'), 'utf8'), /} takes effect at a start only`/);
  for (const csyncd of [
    'echo "error: what differs in listen takes effect at a start only"; exit 78',
    'echo "no daemon"; exit 2',
  ]) {
    const { code, stdout } = await runScript('reload.sh', { commands: { systemctl: SYSTEMCTL, csyncd } });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'reload csyncd\nrestart csyncd\n' });
  }
});

test('a reload that is refused says why, is remembered, and restarts nothing', async () => {
  const { code, stdout, stderr } = await runScript('reload.sh', {
    commands: { systemctl: SYSTEMCTL, csyncd: 'echo "the key is too short" >&2; exit 78' },
    after: `cat ${REFUSED}`,
  });
  assert.deepEqual(
    { code, stdout, stderr },
    { code: 1, stdout: 'reload csyncd\nthe key is too short\n', stderr: 'the key is too short\n' },
  );
});

/** Of what the unit has open, the daemon may write to `open`. */
async function needsRestart(
  dropIn: string,
  options: { open?: readonly string[]; pid?: string; there?: readonly string[] },
): Promise<boolean> {
  const { open = [], pid = '42', there = [] } = options;
  const allowed = open.map((path) => `"${path.replaceAll('"', '\\"')}") exit 0 ;;`).join(' ');
  const { code, stderr } = await runScript('needs-restart.sh', {
    commands: {
      systemctl: `echo ${pid}`,
      // nsenter --target 42 --mount -- test -w PATH
      nsenter: `[ "$2" = 42 ] || exit 9; eval last=\\\${$#}; case $last in ${allowed} *) exit 1 ;; esac`,
    },
    files: {
      [`${DROP_INS}/paths.conf`]: dropIn,
      ...Object.fromEntries(there.map((path) => [`${path}/file`, ''])),
    },
  });
  assert.equal(stderr, '');
  return code === 0;
}

test('a directory that the daemon may not write to takes a restart', async () => {
  const dropIn = '[Service]\nReadWritePaths=-/srv/a\nReadWritePaths="-/srv/b \\"c\\" 5%%"\n';
  const there = ['/srv/a', '/srv/b "c" 5%'];
  assert.equal(await needsRestart(dropIn, { there, open: there }), false);
  assert.equal(await needsRestart(dropIn, { there, open: ['/srv/a'] }), true);
  assert.equal(await needsRestart(dropIn, { there, open: ['/srv/b "c" 5%'] }), true);
});

test('a restart is not for what is not there, nor for a daemon that does not run', async () => {
  const dropIn = '[Service]\nReadWritePaths=-/srv/a\n';
  assert.equal(await needsRestart(dropIn, { there: [] }), false);
  assert.equal(await needsRestart(dropIn, { there: ['/srv/a'], pid: '0' }), false);
});
