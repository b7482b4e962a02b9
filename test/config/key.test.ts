import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readGroupKey, writeGroupKey } from '../../src/config/key.ts';
import { makeTempDir } from '../kit/temp-dir.ts';

const folder = makeTempDir();
const file = (name: string): string => join(folder, name);
const KEY = 'aA0._'.padEnd(64, 'x');

test('a new key is 64 random characters and a line break, for its owner alone', () => {
  writeGroupKey(file('new'));
  assert.match(readFileSync(file('new'), 'latin1'), /^[A-Za-z0-9._]{64}\n$/);
  assert.equal(statSync(file('new')).mode & 0o7777, 0o600);
  assert.equal(`${readGroupKey(file('new'))}\n`, readFileSync(file('new'), 'latin1'));
  writeGroupKey(file('second'));
  assert.notEqual(readGroupKey(file('new')), readGroupKey(file('second')));
});

test('a key is never overwritten', () => {
  writeFileSync(file('old'), 'precious');
  assert.throws(() => writeGroupKey(file('old')), {
    code: 'key-exists',
    message: `${file('old')} exists already`,
    hint: 'a key in use must not be lost: move it away first, or name another file',
  });
  assert.equal(readFileSync(file('old'), 'latin1'), 'precious');
  assert.throws(() => writeGroupKey(file('nowhere/at/all')), {
    code: 'key-unwritable',
    message: /cannot be written: ENOENT/,
  });
});

test('the directory of a new key is made, for its owner alone', () => {
  writeGroupKey(file('keys/web.key'));
  assert.equal(statSync(file('keys')).mode & 0o7777, 0o700);
  assert.equal(readGroupKey(file('keys/web.key')).length, 64);
});

test('a key as short or as long as csync2 takes them is taken', () => {
  for (const length of [32, 1023]) {
    writeFileSync(file(`of${length}`), `${'k'.repeat(length)}\n`, { mode: 0o600 });
    assert.equal(readGroupKey(file(`of${length}`)).length, length);
  }
});

test('the first line counts, as in csync2', () => {
  writeFileSync(file('more'), `${KEY}\n# of web, é\n`, { mode: 0o600 });
  assert.equal(readGroupKey(file('more')), KEY);
});

test('the line break may be missing', () => {
  writeFileSync(file('bare'), KEY, { mode: 0o600 });
  assert.equal(readGroupKey(file('bare')), KEY);
});

test('a key that others could read or change is refused', () => {
  writeFileSync(file('open'), `${KEY}\n`);
  for (const mode of [0o600, 0o400, 0o640]) {
    chmodSync(file('open'), mode);
    assert.equal(readGroupKey(file('open')), KEY);
  }
  for (const mode of [0o644, 0o604, 0o620, 0o602, 0o601]) {
    chmodSync(file('open'), mode);
    assert.throws(() => readGroupKey(file('open')), {
      code: 'key-open',
      message: `the key ${file('open')} is open to others (mode 0${mode.toString(8)})`,
      hint: `chmod 0600 ${file('open')}`,
    });
  }
});

test('a key that is missing, no file, or not of the form', () => {
  assert.throws(() => readGroupKey(file('missing')), {
    code: 'key-missing',
    message: `there is no key ${file('missing')}`,
    hint: `write one with \`csyncd keygen ${file('missing')}\` and copy it to all nodes of the group`,
  });
  mkdirSync(file('dir'), { mode: 0o700 });
  assert.throws(() => readGroupKey(file('dir')), {
    code: 'key-unreadable',
    message: `the key ${file('dir')} is not a file`,
  });
  for (const [at, text] of [
    '',
    'k'.repeat(31),
    'k'.repeat(1024),
    `\n${KEY}\n`,
    `${KEY} \n`,
    `${KEY}\r\n`,
    KEY.replace('_', '-'),
    ` ${KEY}`,
  ].entries()) {
    writeFileSync(file(`bad${at}`), text, { mode: 0o600 });
    assert.throws(() => readGroupKey(file(`bad${at}`)), {
      code: 'key-form',
      message: `the key ${file(`bad${at}`)} does not begin with a line of 32 or more characters of A-Z, a-z, 0-9, "." and "_"`,
    });
  }
});
