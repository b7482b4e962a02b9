/** Beliefs from the store's read-only connection; see BeliefSource. */
import { openReader } from '../store/reader.ts';
import type { OpenedBeliefs } from './beliefs.ts';

export interface StoreBeliefArgs {
  readonly stateDir: string;
  readonly group: string;
  readonly mapping: string;
}

export function openBeliefs({ stateDir, group, mapping }: StoreBeliefArgs): OpenedBeliefs {
  return openReader(stateDir, group, mapping);
}
