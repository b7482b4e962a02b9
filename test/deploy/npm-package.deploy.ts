/** For those who have Node: what `npm pack` makes, installed somewhere else, is a csyncd that works. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTempDir } from '../kit/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');

test('an npm package that is installed elsewhere runs', () => {
  const [packed, place] = [makeTempDir(), makeTempDir()];
  execFileSync('npm', ['pack', '--silent', '--pack-destination', packed], { cwd: ROOT, stdio: 'pipe' });
  const [file = ''] = readdirSync(packed);
  writeFileSync(join(place, 'package.json'), '{}');
  execFileSync('npm', ['install', '--silent', '--omit=dev', join(packed, file)], {
    cwd: place,
    stdio: 'pipe',
  });
  const csyncd = (...args: string[]) =>
    spawnSync(join(place, 'node_modules/.bin/csyncd'), args, { encoding: 'utf8' });
  assert.match(csyncd('--version').stdout, /^\d+\.\d+\.\d+\n$/);
  const demo = csyncd('demo', '--once');
  assert.equal(demo.status, 0, demo.stderr + demo.stdout);
});
