import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusText } from '../../src/cli/commands/status.ts';
import type { Conflict, ExplainAnswer, SyncAnswer, VerifyAnswer } from '../../src/control/client.ts';
import { CsyncdError } from '../../src/util/errors.ts';
import { canned, eventAt, fakeOperations } from '../kit/operations.ts';
import { configFile, run, runWith } from './program.ts';

const later = Date.parse('2026-05-01T12:00:00.000Z');

/** Local times, so that the golden texts hold in every time zone. */
const withoutTimes = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME');

describe('status', () => {
  it('is a table for people', () => {
    assert.equal(
      withoutTimes(statusText(canned, later)),
      [
        'web1  csyncd 1.2.3  ok  since TIME',
        '',
        'group web (engine)',
        '  MAPPING  STATE  FILES   SIZE     PENDING  CONFLICTS  COMPARED  PATH',
        '  shared   ok     12,345  3.3 MiB  0        0          2 min ago  /var/www/shared',
        '',
        '  PEER            STATE  LAG   OWED              SEEN',
        '  web2            ok     0 ms  -                 1 s ago',
        '  web3 (receive)  down   90 s  3 files, 4.0 KiB  never',
        '',
        '  ! web3: connect ECONNREFUSED 10.0.0.3:30865',
        '',
      ]
        .join('\n')
        .replace('COMPARED  PATH', 'COMPARED   PATH'),
    );
  });

  it('--json is the report itself', async () => {
    const { code, out } = await runWith(fakeOperations(), 'status', '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), canned);
  });

  for (const state of ['degraded', 'starting'] as const) {
    it(`exits 1 when ${state}`, async () => {
      const status = () => ({ ...canned, state });
      assert.equal((await runWith(fakeOperations({ mappings: { status } }), 'status')).code, 1);
    });
  }

  it('exits 2 without a daemon, and says what to do', async () => {
    const { file, socket } = configFile();
    const { code, out, err } = await run(['status', '--config', file]);
    assert.deepEqual(
      [code, out, err],
      [2, '', `csyncd: no daemon answers on ${socket}\n  systemctl status csyncd\n`],
    );
  });
});

describe('status, of what is not ok,', () => {
  it('says why, and what to do', () => {
    const web = canned.groups['web'];
    const shared = web?.mappings['shared'];
    const web2 = web?.peers['web2'];
    assert.ok(web && shared && web2);
    const text = statusText({
      ...canned,
      groups: {
        web: {
          ...web,
          mappings: {
            shared: {
              ...shared,
              state: 'paused',
              conflicts: 2,
              errors: [{ path: '', code: 'ENOSPC', message: 'no space left; free space' }],
            },
          },
          peers: {
            web2: { ...web2, state: 'paused', remedy: 'csyncd resume --peer web2' },
            web3: { ...web2, state: 'rejected', last_error: 'another key', remedy: 'copy the key' },
          },
        },
      },
    });
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith('  ! ')),
      [
        '  ! shared: paused by an operator; csyncd resume shared',
        '  ! shared: 2 paths in conflict; csyncd conflicts list',
        '  ! shared: no space left; free space',
        '  ! web2: paused here; csyncd resume --peer web2',
        '  ! web3: another key; copy the key',
      ],
    );
  });
});

describe('sync', () => {
  const answering = (answer: Partial<SyncAnswer>) =>
    fakeOperations({
      mappings: {
        sync: () => Promise.resolve({ complete: true, changed: 2, failed: [], waiting: [], ...answer }),
      },
    });

  it('exits 0 when every peer has acknowledged', async () => {
    assert.deepEqual(await runWith(answering({}), 'sync', '--wait'), {
      code: 0,
      out: '2 changes found\nevery peer has acknowledged\n',
      err: '',
    });
  });

  it('exits 2 when it is not in time, naming the peers and paths', async () => {
    const waiting = [{ group: 'web', peer: 'web3', count: 3, paths: [{ path: 'shared:a' }] }];
    const { code, out } = await runWith(
      answering({ complete: false, waiting }),
      'sync',
      '--wait',
      '--timeout',
      '1s',
    );
    assert.deepEqual(
      [code, out],
      [2, '2 changes found\nweb3 (web) has not acknowledged:\n  shared:a\n  … and 2 more\n'],
    );
  });

  it('exits 1 when a mapping could not be looked at', async () => {
    const failed = [{ group: 'web', mapping: 'shared', reason: 'it is paused; csyncd resume' }];
    const { code, out } = await runWith(answering({ complete: false, failed }), 'sync');
    assert.deepEqual([code, out], [1, '2 changes found\nweb/shared: it is paused; csyncd resume\n']);
  });

  it('passes paths and time-out on', async () => {
    const asked: unknown[] = [];
    const sync = (paths: readonly string[], wait: boolean) => {
      asked.push(paths, wait);
      return Promise.resolve({ complete: true, changed: 0, failed: [], waiting: [] });
    };
    await runWith(fakeOperations({ mappings: { sync } }), 'sync', 'shared:a b', '/srv/x', 'here');
    const here = `${process.cwd()}/here`;
    assert.deepEqual(asked, [['shared:a b', '/srv/x', here], false]);
  });
});

describe('verify', () => {
  const answering = (mapping: Partial<VerifyAnswer['mappings'][string]>) => {
    const shared = {
      equal: true,
      compared: true,
      unreachable: [],
      reason: null,
      files: 1234,
      nodes: ['web1', 'web2'],
      differences: [],
      ...mapping,
    };
    const { equal, compared } = shared;
    return fakeOperations({
      mappings: { verify: () => Promise.resolve({ equal, compared, mappings: { shared } }) },
    });
  };

  it('exits 0 when equal', async () => {
    assert.deepEqual(await runWith(answering({}), 'verify', '--deep'), {
      code: 0,
      out: 'shared: equal, 1,234 files on web1, web2\n',
      err: '',
    });
  });

  it('lists the first twenty differences, and says how many more there are', async () => {
    const differences = Array.from({ length: 22 }, (_, index) => ({
      path: `f${index}`,
      node: 'web2',
      reason: 'missing',
    }));
    const { out } = await runWith(answering({ equal: false, differences }), 'verify');
    const lines = out.trimEnd().split('\n');
    assert.deepEqual([lines.length, lines.at(-1)], [22, '  … and 2 more']);
  });

  it('says what was found of the nodes that were reached', async () => {
    const partly = { equal: false, compared: false, unreachable: ['web3'], reason: 'not reached: web3' };
    const { code, out } = await runWith(answering(partly), 'verify');
    assert.deepEqual(
      [code, out],
      [2, 'shared: equal, 1,234 files on web1, web2; not compared with web3 (csyncd status tells why)\n'],
    );
  });

  it('exits 1 with the differences', async () => {
    const differences = [{ path: 'a\nb', node: 'web2', reason: 'missing' }];
    const { code, out } = await runWith(answering({ equal: false, differences }), 'verify');
    assert.deepEqual([code, out], [1, 'shared: differs on web1, web2\n  web2: a\\x0ab: missing\n']);
  });

  it('exits 2 when a node could not be compared', async () => {
    const { code, out } = await runWith(
      answering({ equal: false, compared: false, reason: 'not reached: web2' }),
      'verify',
    );
    assert.deepEqual([code, out], [2, 'shared: could not be compared: not reached: web2\n']);
  });

  it('exits 2 for a mapping that is not there: nothing was compared', async () => {
    const verify = () =>
      Promise.reject(
        new CsyncdError('no-such-mapping', 'there is no mapping "x"', { hint: 'it has: shared' }),
      );
    const { code, err } = await runWith(fakeOperations({ mappings: { verify } }), 'verify', 'x');
    assert.deepEqual([code, err], [2, 'csyncd: there is no mapping "x"\n  it has: shared\n']);
  });
});

describe('conflicts', () => {
  const conflict: Conflict = {
    group: 'web',
    mapping: 'shared',
    path: 'notes.txt',
    since: '2026-05-01T11:00:00.000Z',
    versions: [
      {
        id: 'v1',
        node: 'web1',
        time: '2026-05-01T10:00:00.000Z',
        size: 5,
        mode: '0644',
        sha256: 'a'.repeat(64),
        deleted: false,
      },
      {
        id: 'v2',
        node: 'web2',
        time: '2026-05-01T10:30:00.000Z',
        size: 0,
        mode: '0000',
        sha256: null,
        deleted: true,
      },
    ],
  };
  const explained: ExplainAnswer = {
    group: 'web',
    mapping: 'shared',
    path: 'notes.txt',
    file: '/var/www/shared/notes.txt',
    selected: true,
    rule: null,
    state: 'conflict',
    versions: conflict.versions,
    applied: 'v1',
    problem: null,
  };
  const operations = () =>
    fakeOperations({
      mappings: { conflicts: () => Promise.resolve([conflict]), explain: () => Promise.resolve(explained) },
    });

  it('are listed, as an array in JSON', async () => {
    assert.deepEqual(JSON.parse((await runWith(operations(), 'conflicts', 'list', '--json')).out), [
      conflict,
    ]);
    const { code, out } = await runWith(operations(), 'conflicts');
    assert.equal(code, 0);
    assert.match(
      out,
      /^PATH +SINCE +VERSIONS OF\nweb\/shared:notes\.txt +\S.* ago +web1, web2 \(deleted\)\n$/,
    );
  });

  it('are shown one by one with their versions', async () => {
    const { code, out } = await runWith(operations(), 'conflicts', 'show', 'shared:notes.txt');
    assert.equal(code, 0);
    assert.equal(
      withoutTimes(out),
      [
        'web/shared:notes.txt, since TIME',
        '  VERSION  NODE  TIME                 SIZE     MODE  SHA-256',
        '  v1       web1  TIME  5 B      0644  aaaaaaaaaaaaaaaa',
        '  v2       web2  TIME  deleted',
        '',
      ].join('\n'),
    );
  });

  it('that are none exit 1 when shown', async () => {
    const none = fakeOperations({ mappings: { explain: () => Promise.resolve(explained) } });
    const { code, err } = await runWith(none, 'conflicts', 'show', 'shared:notes.txt');
    assert.equal(code, 1);
    assert.match(err, /^csyncd: shared:notes\.txt is not in conflict\n/);
  });

  it('are resolved by keeping one version', async () => {
    const asked: string[] = [];
    const resolve = (path: string, keep: string): Promise<void> => {
      asked.push(path, keep);
      return Promise.resolve();
    };
    const { code } = await runWith(
      fakeOperations({ mappings: { resolve } }),
      'conflicts',
      'resolve',
      'shared:notes.txt',
      '--keep',
      'web2',
    );
    assert.deepEqual([code, asked], [0, ['shared:notes.txt', 'web2']]);
    assert.equal((await run(['conflicts', 'resolve', 'shared:notes.txt'])).code, 64);
  });
});

describe('explain', () => {
  it('prints what is known of a path', async () => {
    const explain = (): Promise<ExplainAnswer> =>
      Promise.resolve({
        group: 'web',
        mapping: 'shared',
        path: 'a~',
        file: '/var/www/shared/a~',
        selected: false,
        rule: '*~',
        state: 'unknown',
        versions: [],
        applied: null,
        problem: null,
      });
    const { out } = await runWith(fakeOperations({ mappings: { explain } }), 'explain', 'shared:a~');
    assert.equal(
      out,
      [
        'mapping   web/shared',
        'path      a~',
        'file      /var/www/shared/a~',
        'selected  no, by *~',
        'state     not synced',
        '',
      ].join('\n'),
    );
  });
});

describe('events', () => {
  it('are one a line, in JSON one object a line', async () => {
    const operations = fakeOperations();
    operations.trail.past.push(eventAt(1_000, 'a'), eventAt(2_000, 'b\xff'));
    const { out } = await runWith(operations, 'events');
    assert.equal(
      out,
      '1970-01-01T00:00:01.000Z  changed by web2  web/shared:a  applied\n' +
        '1970-01-01T00:00:02.000Z  changed by web2  web/shared:b\\xff  applied\n',
    );
    const json = await runWith(operations, 'events', '--json', '--since', '1970-01-01T00:00:01.500Z');
    assert.equal(JSON.parse(json.out).path_base64, 'Yv8=');
  });
});

describe('decisions', () => {
  const rows: [string[], unknown[]][] = [
    [['pause'], ['pause', { peer: null, mapping: null }, true]],
    [
      ['pause', 'shared'],
      ['pause', { peer: null, mapping: 'shared' }, true],
    ],
    [
      ['resume', '--peer', 'web2'],
      ['pause', { peer: 'web2', mapping: null }, false],
    ],
    [
      ['approve', 'shared'],
      ['decide', 'shared', 'approve'],
    ],
    [
      ['reject', 'shared'],
      ['decide', 'shared', 'reject'],
    ],
    [
      ['revert', 'shared'],
      ['revert', 'shared'],
    ],
    [
      ['backups', 'restore', 'shared:a', '--version', 'v1'],
      ['restore', 'shared:a', 'v1'],
    ],
    [
      ['backups', 'list', 'shared:a'],
      ['backups', 'shared:a'],
    ],
    [['backups'], ['backups', null]],
    [
      ['peers', 'forget', 'web2'],
      ['forget', 'web2'],
    ],
  ];
  for (const [args, expected] of rows) {
    it(args.join(' '), async () => {
      const asked: unknown[] = [];
      const operations = fakeOperations({
        peers: {
          forget: async (node) => {
            asked.push('forget', node);
          },
        },
        mappings: {
          pause: (target, paused) => void asked.push('pause', target, paused),
          decide: (mapping, decision) => {
            asked.push('decide', mapping, decision);
            return Promise.resolve({ root: false, held: null });
          },
          revert: (mapping) => {
            asked.push('revert', mapping);
            return Promise.resolve({ reverted: 1 });
          },
          restore: (path, version) => Promise.resolve(void asked.push('restore', path, version)),
          backups: (path) => {
            asked.push('backups', path);
            return Promise.resolve([]);
          },
        },
      });
      assert.equal((await runWith(operations, ...args)).code, 0);
      assert.deepEqual(asked, expected);
    });
  }
});

describe('reload', () => {
  it('prints what came into force', async () => {
    const reload = () =>
      Promise.resolve({ changes: ['group web: mapping new added'], warnings: ['x: is old'] });
    assert.deepEqual(await runWith(fakeOperations({ reload }), 'reload'), {
      code: 0,
      out: 'group web: mapping new added\n',
      err: 'warning: x: is old\n',
    });
  });

  it('exits 78 when it is refused, with every fault', async () => {
    const reload = () =>
      Promise.reject(
        new CsyncdError('config-refused', 'c.yaml:1:1: no\nc.yaml:2:1: no', { hint: 'mend it' }),
      );
    const { code, err } = await runWith(fakeOperations({ reload }), 'reload');
    assert.deepEqual([code, err], [78, 'csyncd: c.yaml:1:1: no\nc.yaml:2:1: no\n  mend it\n']);
  });

  it('exits 2 without a daemon', async () => {
    assert.equal((await run(['reload', '--config', configFile().file])).code, 2);
  });
});

describe('peers', () => {
  it('are listed with their fingerprints', async () => {
    const list = () => ({
      self: { node: 'web1', fingerprint: 'AA:BB' },
      peers: [
        {
          node: 'web2',
          fingerprint: 'CC:DD',
          pinned_at: null,
          address: '10.0.0.2:30865',
          state: 'linked',
          last_error: null,
        },
      ],
    });
    const { out } = await runWith(fakeOperations({ peers: { list } }), 'peers');
    assert.equal(
      out,
      [
        'this node is web1, fingerprint AA:BB',
        '',
        'NODE  ADDRESS         STATE   PINNED  FINGERPRINT',
        'web2  10.0.0.2:30865  linked  -       CC:DD',
        '',
      ].join('\n'),
    );
  });
});
