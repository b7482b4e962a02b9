/** What the Puppet module and the Ansible collection each have to carry with them, and is to be the same. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';

test('both decide alike whether a restart is needed', () => {
  const read = (path: string): string => fs.readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const [puppet, ansible] = ['puppet/files', 'ansible/roles/csyncd/files'].map((dir) =>
    read(`${dir}/needs-restart.sh`),
  );
  assert.equal(ansible, puppet);
});
