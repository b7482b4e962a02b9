import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockName, csync2HostName, rootName } from '../../../src/config/csync2/names.ts';
import { good } from '../kit.ts';

const { groups } = good(`
groups:
  web:
    key_file: /k
    hosts: [web1, { name: web2, address: FE80::1 }, WEB3]
    backend: csync2
    mappings:
      plain: { path: /srv/é }
      moved-1: { path: /srv/m, paths: { web2: /mnt/m } }
`);

test('hosts, blocks and roots', () => {
  const [group] = groups;
  const [plain, moved] = group?.mappings ?? [];
  assert.ok(group !== undefined && plain !== undefined && moved !== undefined);
  assert.deepEqual(group.hosts.map(csync2HostName), ['web1', 'fe80::1', 'web3']);
  assert.deepEqual([blockName(group, plain), blockName(group, moved)], ['web_plain', 'web_moved-1']);
  assert.deepEqual([rootName(plain), rootName(moved)], ['/srv/\xc3\xa9', '%moved-1%']);
});
