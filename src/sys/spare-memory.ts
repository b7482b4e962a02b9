/** Giving memory back to the kernel that this process holds and does not use. */
import { loadLibc } from './libc.ts';

let trim: ((keep: number) => number) | null | undefined;

/**
 * Of this thread's JavaScript heap, and of what the C library keeps of memory that was freed in all threads. Takes some 50 ms,
 * so it is for quiet moments. Does what it can: node must be started with --expose-gc, and only glibc can be told.
 */
export function releaseSpareMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  trim ??= declareTrim();
  trim?.(0);
}

function declareTrim(): ((keep: number) => number) | null {
  const loaded = loadLibc();
  return loaded.ok ? loaded.libc.func('int malloc_trim(size_t)') : null;
}
