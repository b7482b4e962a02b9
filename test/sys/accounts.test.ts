import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cachedAccounts } from '../../src/sys/accounts.ts';
import type { Accounts } from '../../src/sys/accounts.ts';
import { fileAccounts } from '../../src/sys/accounts-files.ts';
import { openAccounts } from '../../src/sys/open.ts';
import { SysError } from '../../src/sys/sys.ts';

const getent = (database: string): string[][] =>
  execFileSync('getent', [database], { encoding: 'latin1' })
    .trimEnd()
    .split('\n')
    .map((line) => line.split(':'));

for (const [name, accounts] of [
  ['the C library', openAccounts()],
  ['the files', fileAccounts()],
] as const) {
  describe(`accounts from ${name}`, () => {
    test('are those that getent lists', () => {
      for (const [user = '', , uid = ''] of getent('passwd')) {
        assert.equal(accounts.uid(user), Number(uid));
        assert.equal(accounts.uid(accounts.userName(Number(uid)) ?? ''), Number(uid));
      }
      for (const [group = '', , gid = ''] of getent('group')) {
        assert.equal(accounts.gid(group), Number(gid));
        assert.equal(accounts.gid(accounts.groupName(Number(gid)) ?? ''), Number(gid));
      }
    });

    test('no such account is null', () => {
      assert.equal(accounts.uid('csyncd-no-such'), null);
      assert.equal(accounts.gid('csyncd-no-such'), null);
      assert.equal(accounts.uid(''), null);
      assert.equal(accounts.userName(3_999_999_999), null);
      assert.equal(accounts.groupName(3_999_999_999), null);
    });
  });
}

test('account files: odd lines, bytes and a missing file', () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'csyncd-accounts-'));
  const passwd = join(folder, 'passwd');
  fs.writeFileSync(
    passwd,
    Buffer.from('# comment\n\nweb:x:33:33::/:/bin/sh\nb\xe9a:x:7:7\nbad:x:y:1\n', 'latin1'),
  );
  const accounts = fileAccounts(passwd, join(folder, 'missing'));
  assert.equal(accounts.userName(7), 'b\xe9a');
  assert.equal(accounts.uid('web'), 33);
  assert.equal(accounts.uid('bad'), null);
  assert.throws(() => accounts.gid('x'), SysError);
  fs.rmSync(folder, { recursive: true });
});

describe('remembered accounts', () => {
  function source(): {
    accounts: Accounts;
    asked: string[];
    answer: { value: string | null; isAway: boolean };
  } {
    const asked: string[] = [];
    const answer = { value: null as string | null, isAway: false };
    const ask = (key: string | number): string | null => {
      asked.push(String(key));
      if (answer.isAway) throw new SysError('EIO', 'getpwuid', '');
      return answer.value;
    };
    return { accounts: { userName: ask, groupName: ask, uid: () => null, gid: () => null }, asked, answer };
  }

  test('are asked for again after a minute, unknown ones after five seconds', () => {
    const { accounts, asked, answer } = source();
    let now = 0;
    const cached = cachedAccounts(accounts, () => now);
    assert.equal(cached.userName(1), null);
    answer.value = 'web';
    now = 4_999;
    assert.equal(cached.userName(1), null);
    now = 5_000;
    assert.equal(cached.userName(1), 'web');
    answer.value = 'other';
    now = 64_999;
    assert.equal(cached.userName(1), 'web');
    now = 65_000;
    assert.equal(cached.userName(1), 'other');
    assert.equal(asked.length, 3);
  });

  test('count on while the source is away; what was never known is an error then', () => {
    const { accounts, answer } = source();
    let now = 0;
    const cached = cachedAccounts(accounts, () => now);
    answer.value = 'web';
    assert.equal(cached.userName(1), 'web');
    answer.isAway = true;
    now = 100_000;
    assert.equal(cached.userName(1), 'web');
    assert.throws(() => cached.userName(2), SysError);
  });

  test('are a bounded number', () => {
    const { accounts, asked } = source();
    const cached = cachedAccounts(accounts, () => 0);
    for (let uid = 0; uid < 10_000; uid++) cached.userName(uid);
    cached.userName(9_999);
    assert.equal(asked.length, 10_000);
    cached.userName(0);
    assert.equal(asked.length, 10_001);
  });
});
