/** Both ways to call the system, for tests that run with each. */
import assert from 'node:assert/strict';
import { openFallback } from '../../src/sys/fallback.ts';
import { loadLibc } from '../../src/sys/libc.ts';
import { openNative } from '../../src/sys/native.ts';
import type { Sys } from '../../src/sys/sys.ts';

export interface Adapter {
  readonly name: 'native' | 'fallback';
  readonly sys: Sys;
}

/** Native first. Tests must not pass because the C library could not be called. */
export function adapters(): readonly [Adapter, Adapter] {
  const loaded = loadLibc();
  assert.ok(loaded.ok, 'the C library must be callable where the tests run');
  return [
    { name: 'native', sys: openNative(loaded.libc) },
    { name: 'fallback', sys: openFallback() },
  ];
}
