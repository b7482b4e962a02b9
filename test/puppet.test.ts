/** The Puppet module without a machine: what its own tools say of it. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './kit/cluster/command.ts';
import { makeTempDir } from './kit/temp-dir.ts';

const MODULE = fileURLToPath(new URL('../puppet', import.meta.url));
const VERSION = readVersion('../package.json');
const BOUND_MS = 240_000;

function readVersion(file: string): unknown {
  const json: unknown = JSON.parse(fs.readFileSync(new URL(file, import.meta.url), 'utf8'));
  return typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
}

/** Where the module has its name, as it must for autoloading. */
function linked(): string {
  const link = join(makeTempDir(), 'csyncd');
  fs.symlinkSync(MODULE, link);
  return link;
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

test('manifests, types, examples and templates parse', async () => {
  await succeeds(['puppet', 'parser', 'validate', ...files('{manifests,types,examples}/**/*.pp')]);
  await succeeds(['puppet', 'epp', 'validate', ...files('templates/**/*.epp')]);
});

test('puppet-lint has nothing to say', async () => {
  const link = linked();
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

test('metadata.json is complete, and of this version', () => {
  const metadata: unknown = JSON.parse(fs.readFileSync(join(MODULE, 'metadata.json'), 'utf8'));
  assert.ok(typeof metadata === 'object' && metadata !== null);
  const { dependencies, requirements, ...rest } = Object.assign(
    { dependencies: [], requirements: [] },
    metadata,
  );
  for (const key of ['name', 'version', 'author', 'summary', 'license', 'source', 'operatingsystem_support'])
    assert.ok(key in rest, key);
  assert.equal(readVersion('../puppet/metadata.json'), VERSION);
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
