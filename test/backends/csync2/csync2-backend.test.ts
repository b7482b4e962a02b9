/** A group behind csync2 when its config changes under it, with a real csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Csync2Backend } from '../../../src/backends/csync2/csync2-backend.ts';
import { probe } from '../../../src/backends/csync2/probe.ts';
import type { Config, Group } from '../../../src/config/model.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { until } from '../../kit/cluster/until.ts';
import { good } from '../../config/kit.ts';
import { Csync2Host, PORT } from './hosts.ts';
import { servicesInMemory } from './mapping-kit.ts';

describe('a changed config', () => {
  let host: Csync2Host;
  let backend: Csync2Backend;
  beforeEach(() => {
    host = new Csync2Host();
    host.write('f', 'x');
  });
  afterEach(async () => {
    await backend.stop();
  });
  function configured(csync2: string): { config: Config; group: Group } {
    const config = good(`
node: web1
state_dir: ${host.dir}/state
groups:
  web:
    key_file: ${host.dir}/group.key
    hosts: [{ name: web1, address: ${host.address} }, { name: web2, address: 127.0.0.1 }]
    backend: csync2
    csync2: { no_ssl: true, port: ${PORT}, ${csync2} }
    mappings: { shared: { path: ${host.root} } }
`);
    return { config, group: config.groups[0] as Group };
  }
  const own = (): string => `config_dir: ${host.dir}/own, database_dir: ${host.databaseDir}`;
  async function started(csync2: string): Promise<void> {
    const parts = { ...configured(csync2), log: silentLogger(), services: servicesInMemory() };
    backend = new Csync2Backend(parts);
    await backend.start();
    await backend.attach('shared');
    await until('it listens', () => probe(host.address, PORT));
  }
  const look = () => backend.reconcile('shared', new AbortController().signal);

  it('is followed, and what was attached stays so', async () => {
    await started(own());
    const before = backend.run;
    const { config, group } = configured(`${own()}, lock_timeout: 9s`);
    await backend.reconfigure(config, group);
    assert.notEqual(backend.run, before);
    assert.match(fs.readFileSync(join(host.dir, 'own/csync2.cfg'), 'utf8'), /lock-timeout 9;/);
    assert.deepEqual((await look()).changed, 0);
    await until('it listens', () => probe(host.address, PORT));
  });

  it('that is none changes nothing', async () => {
    await started(own());
    const before = backend.run;
    const { config, group } = configured(own());
    await backend.reconfigure(config, group);
    assert.equal(backend.run, before);
  });

  it('with another key in the same file is one', async () => {
    await started(own());
    const before = backend.run;
    host.setKey(`${'n'.repeat(64)}\n`);
    const { config, group } = configured(own());
    await backend.reconfigure(config, group);
    assert.notEqual(backend.run, before);
  });

  it('that cannot be served leaves the one before in force', async () => {
    await started(own());
    fs.writeFileSync(join(host.dir, 'file'), '');
    const { config, group } = configured(
      `config_dir: ${host.dir}/file/below, database_dir: ${host.databaseDir}`,
    );
    await assert.rejects(backend.reconfigure(config, group), { code: 'csync2-files' });
    await until('it listens', () => probe(host.address, PORT));
    host.write('g', 'x');
    assert.equal((await look()).changed, 1);
  });

  it('while the root is away leaves the mapping detached, and no more', async () => {
    await started(own());
    fs.renameSync(host.root, `${host.root}.away`);
    const { config, group } = configured(`${own()}, lock_timeout: 9s`);
    await backend.reconfigure(config, group);
    await assert.rejects(look(), { code: 'detached' });
    fs.renameSync(`${host.root}.away`, host.root);
    await backend.attach('shared');
    assert.equal((await look()).changed, 0);
  });
});
