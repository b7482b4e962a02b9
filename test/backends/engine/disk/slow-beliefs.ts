/** Beliefs for tests of the pool: none, or a crash of the worker that asks. */
import type { OpenedBeliefs } from '../../../../src/backends/engine/disk/beliefs.ts';

export function openBeliefs(args: { readonly crashAt?: string }): OpenedBeliefs {
  return {
    get: () => null,
    children: () => [],
    identities(dir) {
      if (args.crashAt !== undefined && dir === args.crashAt) process.exit(9);
      return new Map();
    },
    close: () => undefined,
  };
}
