/**
 * The C library by koffi. koffi is a native module: it is loaded on first use, so that a machine without a build of it
 * still runs on node:fs.
 */
import { createRequire } from 'node:module';
import type koffiModule from 'koffi';
import { messageOf } from '../util/errors.ts';

type Koffi = typeof koffiModule;

export interface Libc {
  /**
   * A function of the library; throws when it has none of that name. Memory is passed as `uintptr_t`, a number (addresses
   * are below 2^53), which is several times cheaper than a Buffer; who passes it keeps the memory alive.
   */
  func<F>(prototype: string): F;
  /** Address of memory outside the JavaScript heap: of an ArrayBuffer, which never moves. */
  address(memory: Uint8Array): number;
  /** errno of this thread's last failed call; to be read before any other call. */
  errno(): number;
}

export type LibcResult =
  | { readonly ok: true; readonly libc: Libc }
  | { readonly ok: false; readonly reason: string };

let loaded: LibcResult | null = null;

/** The C library, or why it cannot be used here: only x86-64 and arm64 with glibc share the layouts used in sys. */
export function loadLibc(): LibcResult {
  loaded ??= load();
  return loaded;
}

function load(): LibcResult {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    return { ok: false, reason: `no system call layouts for ${process.platform} on ${process.arch}` };
  }
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    const library = koffi.load('libc.so.6');
    return {
      ok: true,
      libc: {
        func: <F>(prototype: string): F => library.func(prototype) as F,
        address: (memory) => Number(koffi.address(memory)),
        errno: () => koffi.errno(),
      },
    };
  } catch (error) {
    return { ok: false, reason: `the C library cannot be called: ${messageOf(error)}` };
  }
}
