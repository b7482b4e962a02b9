/** How a scan worker comes to its beliefs. */
import { extname } from 'node:path';
import type { BeliefReader } from '../scan/observation.ts';
import type { BeliefSource } from './operations.ts';
import type { StoreBeliefArgs } from './store-beliefs.ts';

export interface OpenedBeliefs extends BeliefReader {
  close(): void;
}

export function storeBeliefs(args: StoreBeliefArgs): BeliefSource {
  // .ts in a checkout, .js in the package
  return { module: new URL(`./store-beliefs${extname(import.meta.url)}`, import.meta.url).href, args };
}

export async function openBeliefSource({ module, args }: BeliefSource): Promise<OpenedBeliefs> {
  const { openBeliefs } = (await import(module)) as {
    readonly openBeliefs: (args: unknown) => OpenedBeliefs;
  };
  return openBeliefs(args);
}
