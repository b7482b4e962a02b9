/** The Puppet module without a machine: what its own tools say of it. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../kit/cluster/command.ts';
import { loadConfig } from '../../src/config/load.ts';
import { showConfig } from '../../src/config/show.ts';
import { configsByPuppet, moduleDirectory } from '../kit/puppet-configs.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const MODULE = fileURLToPath(new URL('../../puppet', import.meta.url));
const VERSION = readVersion('../../package.json');
/** Far more than it takes: ten seconds on an idle machine. */
const BOUND_MS = 500_000;

function readVersion(file: string): unknown {
  const json: unknown = JSON.parse(fs.readFileSync(new URL(file, import.meta.url), 'utf8'));
  return typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
}

function files(...patterns: readonly string[]): string[] {
  return fs.globSync([...patterns], { cwd: MODULE }).sort();
}

async function succeeds(command: readonly string[]): Promise<string> {
  // Ruby's warnings of its own libraries.
  const { code, stdout, stderr } = await run(['env', '-C', MODULE, 'RUBYOPT=-W0', ...command], {
    boundMs: BOUND_MS,
  });
  assert.equal(code, 0, `${command.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

// What the specs do not compile. They render all templates.
test('examples parse', async () => {
  await succeeds(['puppet', 'parser', 'validate', ...files('examples/**/*.pp')]);
});

test('puppet-lint has nothing to say', async () => {
  const link = join(moduleDirectory(), 'csyncd');
  const manifests = files('{manifests,types,examples}/**/*.pp').map((file) => join(link, file));
  assert.equal(
    await succeeds(['puppet-lint', '--fail-on-warnings', '--no-140chars-check', ...manifests]),
    '',
  );
});

test('its specs hold, on every system that it names', async () => {
  const said = await succeeds(['rspec', '--no-color', ...files('spec/**/*_spec.rb')]);
  assert.match(said, /\d{2,} examples, 0 failures$/m);
});

test('REFERENCE.md is what its comments say, and they leave nothing out', async () => {
  const out = join(makeTempDir(), 'REFERENCE.md');
  const said = await succeeds(['puppet', 'strings', 'generate', '--format', 'markdown', '--out', out]);
  assert.match(said, /100\.00% documented/);
  assert.equal(
    fs.readFileSync(out, 'utf8'),
    fs.readFileSync(join(MODULE, 'REFERENCE.md'), 'utf8'),
    'puppet/REFERENCE.md is not current: cd puppet && puppet strings generate --format markdown --out REFERENCE.md',
  );
});

/** What csyncd makes of a config on the host web1. */
function resolved(yaml: string): unknown {
  const file = join(makeTempDir(), 'csyncd.yaml');
  fs.writeFileSync(file, yaml);
  const loaded = loadConfig(file, { host: 'web1', elsewhere: true });
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.faults));
  return showConfig(loaded.config);
}

test('the directories that lsyncd watched and csync2 moved are csyncd’s, with csync2 too', () => {
  const example = fs.readFileSync(join(MODULE, 'examples/compat.pp'), 'utf8');
  const withCsync2 = `csyncd::compat { 'www':
    directories => { '/srv/b' => 'b', '/srv/a' => 'a' },
    hosts       => ['web1', 'web2'],
    backend     => 'csync2',
  }`;
  const [first = '', second = ''] = configsByPuppet([example, withCsync2]);
  assert.deepEqual(
    resolved(first),
    resolved(`
groups:
  wwwshared:
    key_file: /etc/csync2/csync2_wwwshared.key
    hosts: [web1, web2, web3]
    mappings:
      var-www-shared: { path: /var/www/shared, exclude: ['.*.swp'] }
  wwwdata:
    key_file: /etc/csync2/csync2_wwwdata.key
    hosts: [web1, web2, web3]
    mappings:
      var-www-data-ini: { path: /var/www/data/ini }
      var-www-data-png: { path: /var/www/data/png }
      var-www-data-zip: { path: /var/www/data/zip }
`),
  );
  // csyncd runs a listener for each config, on a port of its own.
  assert.deepEqual(
    resolved(second),
    resolved(`
groups:
  a:
    backend: csync2
    key_file: /etc/csync2/csync2_a.key
    hosts: [web1, web2]
    mappings: { srv-a: { path: /srv/a } }
  b:
    backend: csync2
    csync2: { port: 30866 }
    key_file: /etc/csync2/csync2_b.key
    hosts: [web1, web2]
    mappings: { srv-b: { path: /srv/b } }
`),
  );
});

test('metadata.json is complete, and of this version', () => {
  const metadata: unknown = JSON.parse(fs.readFileSync(join(MODULE, 'metadata.json'), 'utf8'));
  assert.ok(typeof metadata === 'object' && metadata !== null);
  const { dependencies, requirements, ...rest } = Object.assign(
    { dependencies: [], requirements: [] },
    metadata,
  );
  for (const key of ['name', 'version', 'author', 'summary', 'license', 'source', 'operatingsystem_support'])
    assert.ok(key in rest, key);
  assert.equal(readVersion('../../puppet/metadata.json'), VERSION);
  const ranges: readonly unknown[] = [...dependencies, ...requirements];
  assert.equal(ranges.length, 3);
  for (const range of ranges) {
    assert.ok(typeof range === 'object' && range !== null && 'version_requirement' in range);
    assert.match(String(range.version_requirement), /^>= \d+\.\d+\.\d+ < \d+\.0\.0$/);
  }
});

test('what a task names is there', () => {
  for (const file of files('tasks/*.json')) {
    const script = join(MODULE, file.replace(/json$/, 'sh'));
    assert.ok((fs.statSync(script).mode & 0o111) !== 0, script);
  }
});
