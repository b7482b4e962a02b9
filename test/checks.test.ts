/** The code as a whole: types, lint with the import directions, format, nothing unused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('the code', () => {
  check('has no type error', 'tsc', '-p', '.');
  check('follows the rules and the import directions', 'oxlint', '--deny-warnings');
  check('is formatted', 'oxfmt', '--check');
  check('has nothing unused', 'knip');
});

function check(name: string, command: string, ...args: string[]): void {
  it(name, () => {
    const result = spawnSync(`node_modules/.bin/${command}`, args, { cwd: ROOT, encoding: 'utf8' });
    assert.equal(result.status, 0, `${command} says:\n${result.stdout}${result.stderr}`);
  });
}
