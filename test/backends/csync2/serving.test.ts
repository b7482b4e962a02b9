/** What peers can bring to a node: csync2.cfg and the listener, with a real csync2. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { probe } from '../../../src/backends/csync2/probe.ts';
import { Serving } from '../../../src/backends/csync2/serving.ts';
import type { ListenerEvent } from '../../../src/backends/csync2/listener-output.ts';
import type { Group } from '../../../src/config/model.ts';
import { silentLogger } from '../../../src/util/log.ts';
import { until } from '../../kit/cluster/until.ts';
import { good } from '../../config/kit.ts';
import { Csync2Host, PORT } from './hosts.ts';
import { localOf } from './mapping-kit.ts';

const FOREIGN = 'nossl * *;\n# by hand\n';

describe('serving', () => {
  const servings: Serving[] = [];
  afterEach(async () => {
    await Promise.all(servings.splice(0).map((serving) => serving.stop()));
  });

  function make(options: { readonly isForeign?: boolean; readonly isExternal?: boolean } = {}) {
    const { isForeign = false, isExternal = false } = options;
    const host = new Csync2Host();
    const file = join(host.dir, 'csync2.cfg');
    const roots = { one: join(host.dir, 'one'), two: join(host.dir, 'two') };
    for (const root of Object.values(roots)) fs.mkdirSync(root);
    const hosts = `host ${host.address} 127.0.0.1; key ${host.dir}/group.key;`;
    const foreign = `${FOREIGN}group g { ${hosts} include ${roots.one}; include ${roots.two}; }\n`;
    if (isForeign) fs.writeFileSync(file, foreign);
    const listener = isExternal ? ', listener: external' : '';
    const own = `
    key_file: ${host.dir}/group.key
    hosts: [{ name: web1, address: ${host.address} }, { name: web2, address: 127.0.0.1 }]
    csync2: { no_ssl: true${listener} }
    mappings: { one: { path: ${roots.one} }, two: { path: ${roots.two} } }`;
    const elsewhere = `
    csync2: { config_file: ${file}${listener} }`;
    const config = good(`
node: ${isForeign ? host.address : 'web1'}
groups:
  web:
    backend: csync2${isForeign ? elsewhere : own}
`);
    const group = config.groups[0] as Group;
    const { program, settings } = localOf(host);
    const bootstrapDir = join(host.dir, 'bootstrap');
    const events: ListenerEvent[] = [];
    const serving = new Serving({
      group,
      node: config.node,
      log: silentLogger(),
      program,
      places: { ...settings.places, bootstrapDir },
      onEvent: (event) => void events.push(event),
    });
    servings.push(serving);
    const names = group.mappings.map(({ name }) => name);
    return { host, file, bootstrapDir, foreign, serving, events, names };
  }

  const isListening = (host: Csync2Host): Promise<boolean> => probe(host.address, PORT);

  it('names only the mappings that peers may write to', async () => {
    const { host, file, bootstrapDir, serving } = make();
    serving.prepare();
    assert.ok(!fs.existsSync(file), 'nobody is served before the first mapping is');
    const all = fs.readFileSync(join(bootstrapDir, 'csync2.cfg'), 'utf8');
    assert.match(all, /web_one[^]*web_two/);
    await serving.serve(new Set(['one', 'two']));
    assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /web_(one|two)/);
    await serving.serve(new Set(['two']));
    assert.match(fs.readFileSync(file, 'utf8'), /web_one/);
    assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /web_two/);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    await until('it listens', () => isListening(host));
    assert.equal(serving.problem(), null);
  });

  it('ends the sessions of a mapping that is left out, and goes on listening', async () => {
    const { host, serving } = make();
    serving.prepare();
    await serving.serve(new Set());
    await until('it listens', () => isListening(host));
    const session = connect(PORT, host.address);
    session.on('error', () => undefined).resume();
    session.write('CONFIG \n');
    await new Promise((resolve) => session.once('data', resolve));
    const closed = new Promise((resolve) => session.once('close', resolve));
    await serving.serve(new Set(['one']));
    await closed;
    await until('it listens again', () => isListening(host));
  });

  it('never writes a config that is managed elsewhere, and listens only while all of its mappings are there', async () => {
    const { host, file, foreign, bootstrapDir, serving, names } = make({ isForeign: true });
    const before = fs.statSync(file, { bigint: true });
    serving.prepare();
    await serving.serve(new Set(names.slice(1)));
    assert.equal(await isListening(host), false);
    await serving.serve(new Set());
    await until('it listens', () => isListening(host));
    await serving.serve(new Set(names));
    assert.equal(await isListening(host), false);
    assert.equal(fs.readFileSync(file, 'utf8'), foreign);
    const { ino, mtimeNs } = fs.statSync(file, { bigint: true });
    assert.deepEqual([ino, mtimeNs], [before.ino, before.mtimeNs]);
    assert.ok(!fs.existsSync(bootstrapDir));
  });

  it('leaves the port to whoever else serves it', async () => {
    const { host, serving, file } = make({ isExternal: true });
    serving.prepare();
    await serving.serve(new Set());
    assert.ok(fs.existsSync(file));
    assert.equal(await isListening(host), false);
  });
});
