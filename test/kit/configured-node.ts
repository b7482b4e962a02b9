/** A node that a front end configures: this host, with copies of its files that are gone afterwards. No package, no service. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './cluster/command.ts';
import { makeTempDir } from './temp-dir.ts';

/** Far more than it takes: five seconds on an idle machine. */
const BOUND_MS = 300_000;
const PROGRAM = fileURLToPath(new URL('../../bin/csyncd', import.meta.url));
export const DROP_IN = '/etc/systemd/system/csyncd.service.d/paths.conf';

/** What the front end has left there. */
export interface Configured {
  /** what `csyncd config show --json` makes of it */
  readonly config: unknown;
  readonly dropIn: string;
  /** all below /etc/csyncd, a line each: mode, owner, group, path */
  readonly files: readonly string[];
  /** the content of the keys, by path */
  readonly keys: Readonly<Record<string, string>>;
}

/** Runs shell text on a node of this name, where it finds the directories of csyncd's package and a directory $HOME. */
export async function configuredBy(node: string, text: string): Promise<Configured> {
  const home = makeTempDir();
  const script = `
    set -eu
    export HOME=${home} LANG=C.UTF-8
    mount -t tmpfs none /run
    for dir in /etc /usr/bin /srv; do
      mkdir -p /run/over$dir/upper /run/over$dir/work
      mount -t overlay -o lowerdir=$dir,upperdir=/run/over$dir/upper,workdir=/run/over$dir/work none $dir
    done
    hostname ${node}
    echo 127.0.1.1 ${node} >> /etc/hosts
    getent group csyncd > /dev/null || groupadd --system csyncd
    install -d -m 750 -g csyncd /etc/csyncd /etc/csyncd/conf.d /etc/csyncd/keys
    printf '#!/bin/sh\\nexec ${PROGRAM} "$@"\\n' > /usr/bin/csyncd
    chmod 755 /usr/bin/csyncd
    { ${text}
    } >&2
    csyncd config show --json > $HOME/config.json
    cp ${DROP_IN} $HOME/paths.conf
    find /etc/csyncd -printf '%M %u %g %p\\n' | sort -k 4 > $HOME/files
    cp -r /etc/csyncd/keys $HOME/keys`;
  const { code, stderr } = await run(['unshare', '--mount', '--uts', 'sh', '-c', script], {
    boundMs: BOUND_MS,
  });
  assert.equal(code, 0, stderr);
  const read = (name: string): string => fs.readFileSync(join(home, name), 'utf8');
  return {
    config: JSON.parse(read('config.json')),
    dropIn: read('paths.conf'),
    files: read('files').trim().split('\n'),
    keys: Object.fromEntries(fs.readdirSync(join(home, 'keys')).map((name) => [name, read(`keys/${name}`)])),
  };
}
