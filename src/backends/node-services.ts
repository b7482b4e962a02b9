/** What a node has once, whichever backend serves a group: its audit trail, what it remembers, its mappings' roots. */
import type { AuditEvent } from './backend.ts';

export interface NodeServices {
  audit(event: AuditEvent): void;
  /** Kept across restarts; `set` throws when it cannot be. */
  readonly notes: { get(key: string): string | null; set(key: string, value: string): void };
  /** @param peer null: the mapping as a whole */
  isPaused(group: string, mapping: string, peer: string | null): boolean;
  /** Throws, and changes nothing, when it cannot be kept. */
  setPaused(group: string, mapping: string, peer: string | null, paused: boolean): void;
  /**
   * Makes the directory at this path ready to be a mapping's root, or rejects with a CsyncdError that says what is in the
   * way.
   *
   * @param known it was one before: `root-lost` when it has lost its marks
   */
  prepareRoot(path: string, known: boolean): Promise<void>;
}
