/** What the collection's own Python makes of what it is given. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { must } from '../kit/cluster/command.ts';
import { COLLECTION } from '../kit/machines/controller.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

describe('csyncd_info', () => {
  const well = { state: 'ok', reason: null, conflicts: 0, errors: [], config_match: true, last_error: null };

  it('says what is wrong, and nothing of what is not', () => {
    const web = {
      mappings: {
        fine: { ...well, state: 'scanning' },
        held: { ...well, state: 'held', reason: 'most files would be deleted' },
        split: { ...well, conflicts: 2 },
        stuck: { ...well, errors: [{ path: 'a/b', message: 'no room' }] },
      },
      peers: {
        web2: { ...well, last_error: 'an old one' },
        web3: { ...well, state: 'down', last_error: 'no route to host' },
        web4: { ...well, config_match: false },
      },
    };
    const said = asked({ stdout: JSON.stringify({ state: 'degraded', groups: { web } }), code: 1 });
    assert.equal(said['state'], 'degraded');
    assert.deepEqual(said['problems'], [
      'web/held: held: most files would be deleted',
      'web/split: 2 conflicts',
      'web/stuck: a/b: no room',
      'web/web3: down: no route to host',
      'web/web4: its config differs',
    ]);
  });

  it('takes a daemon that does not answer for a state like any other', () => {
    const { state, installed, problems } = asked({ stderr: 'no daemon answers', code: 2 });
    assert.deepEqual(
      { state, installed, problems },
      {
        state: 'down',
        installed: true,
        problems: ['no daemon answers'],
      },
    );
  });
});

describe('the addresses of hosts', () => {
  const tunnel = { ansible_host: '127.0.0.1', ansible_port: 2222 };

  it('are never where only the controller reaches a host', () => {
    assert.throws(
      () => hostsOf({ web1: tunnel, web2: {} }),
      /host web1: ansible_host 127\.0\.0\.1 is no address/,
    );
  });

  it('are what csyncd_address says', () => {
    const hosts = hostsOf({ web1: { ...tunnel, csyncd_address: '10.0.0.1' }, web2: {} });
    assert.deepEqual(hosts, [{ name: 'web1', address: '10.0.0.1' }, { name: 'web2' }]);
  });
});

/** What the module answers when csyncd says this. */
function asked({ stdout = '', stderr = '', code = 0 }): Record<string, unknown> {
  const dir = makeTempDir();
  const [out, err] = [join(dir, 'out'), join(dir, 'err')];
  fs.writeFileSync(out, stdout);
  fs.writeFileSync(err, stderr);
  const program = `#!/bin/sh\ncat ${out}; cat ${err} >&2; exit ${code}\n`;
  fs.writeFileSync(join(dir, 'csyncd'), program, { mode: 0o755 });
  const module = join(COLLECTION, 'plugins/modules/csyncd_info.py');
  const given = JSON.stringify({ ANSIBLE_MODULE_ARGS: {} });
  const path = `PATH=${dir}:${process.env['PATH']}`;
  return JSON.parse(must('env', [path, '/usr/bin/python3', module], given)) as Record<string, unknown>;
}

/** The hosts of a group of this inventory group. */
function hostsOf(web: object): unknown {
  const call = [
    'import json, sys',
    `sys.path.insert(0, ${JSON.stringify(join(COLLECTION, 'plugins/filter'))})`,
    'sys.dont_write_bytecode = True',
    'import cluster',
    'web = json.load(sys.stdin)',
    'print(json.dumps(cluster.own_groups([{"name": "web"}], {"web": list(web)}, web, "web2")[0]["hosts"]))',
  ];
  return JSON.parse(must('/usr/bin/python3', ['-c', call.join('\n')], JSON.stringify(web)));
}
