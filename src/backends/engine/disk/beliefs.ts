/** How a scan worker comes to its beliefs. */
import type { BeliefReader } from '../scan/observation.ts';
import { openReader } from '../store/reader.ts';
import type { BeliefSource } from './operations.ts';

export interface OpenedBeliefs extends BeliefReader {
  close(): void;
}

export async function openBeliefs(source: BeliefSource): Promise<OpenedBeliefs> {
  if (source.kind === 'store') return openReader(source.stateDir, source.group, source.mapping);
  const module = (await import(source.url)) as { readonly openBeliefs: (args: unknown) => OpenedBeliefs };
  return module.openBeliefs(source.args);
}
