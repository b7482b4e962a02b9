/** One cluster in three forms, which make the same of a node: a file written by hand, a manifest and a play. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { CONFIG_SCHEMA, unset } from '../kit/config-schema.ts';
import { configuredBy, DROP_IN, type Configured } from '../kit/configured-node.ts';
import { collectionsPath } from '../kit/machines/controller.ts';
import { moduleDirectory } from '../kit/puppet-configs.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const CLUSTER = fileURLToPath(new URL('cluster', import.meta.url));
/** The one that only receives, and keeps a directory elsewhere. */
const NODE = 'web3';

const BY_HAND = `
  cp ${CLUSTER}/csyncd.yaml /etc/csyncd
  mkdir -p $(dirname ${DROP_IN})
  csyncd config unit > ${DROP_IN}`;

// Exit code 2: there were changes, and none of them failed.
const BY_PUPPET = `
  puppet apply --detailed-exitcodes --color false --modulepath ${moduleDirectory()}:/usr/share/puppet/modules \
    --confdir $HOME/conf --vardir $HOME/var --logdir $HOME/log --rundir $HOME/run ${CLUSTER}/site.pp || [ $? = 2 ]`;

const BY_ANSIBLE = `
  ANSIBLE_COLLECTIONS_PATH=${collectionsPath(makeTempDir())} ANSIBLE_NOCOLOR=1 ansible-playbook \
    -e ansible_python_interpreter=/usr/bin/python3 -i ${CLUSTER}/inventory.yml --limit ${NODE} ${CLUSTER}/play.yml`;

const byHand = await configuredBy(NODE, BY_HAND);

test('the cluster has every setting, none at its default', () => {
  const file: unknown = parse(fs.readFileSync(join(CLUSTER, 'csyncd.yaml'), 'utf8'));
  // A node's name is its host name here; with a csync2.cfg of somebody else a group has nothing else to say.
  assert.deepEqual(unset(CONFIG_SCHEMA, [file]), ['node', 'groups.csync2.config_file']);
});

function alike({ config, dropIn, files, keys }: Configured): void {
  assert.deepEqual(config, byHand.config);
  assert.equal(dropIn, byHand.dropIn);
  assert.deepEqual(files, [
    'drwxr-x--- root csyncd /etc/csyncd',
    'drwxr-x--- root csyncd /etc/csyncd/conf.d',
    '-rw-r----- root csyncd /etc/csyncd/csyncd.yaml',
    'drwxr-x--- root csyncd /etc/csyncd/keys',
    '-rw-r----- root csyncd /etc/csyncd/keys/other.key',
    '-rw-r----- root csyncd /etc/csyncd/keys/spool.key',
  ]);
  assert.deepEqual(keys, { 'other.key': `${'w'.repeat(64)}\n`, 'spool.key': `${'s'.repeat(64)}\n` });
}

test('the Puppet module makes the same of a node', async () => {
  alike(await configuredBy(NODE, BY_PUPPET));
});

test('the Ansible collection makes the same of a node', async () => {
  alike(await configuredBy(NODE, BY_ANSIBLE));
});
