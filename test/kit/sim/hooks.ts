/** Where a deliberate fault of the product can be put into a simulated node (broken.test.ts). */
import type { Change } from '../../../src/backends/engine/apply/change.ts';
import type { Identity, RelPath } from '../../../src/backends/engine/core/types.ts';
import type { Rules } from '../../../src/backends/engine/sync/shared.ts';
import type { Message } from '../../../src/backends/engine/wire/messages.ts';
import type { Sys } from '../../../src/sys/sys.ts';

export type Decision = 'approved' | 'rejected';

export interface Sabotage {
  /** in the place of the core's decisions */
  readonly rules?: Partial<Rules>;
  /** what the replica is given instead of a message */
  readonly receive?: (message: Message) => readonly Message[];
  /** what apply is given instead of the planned changes; `there` is the identity of what is on the disk now */
  readonly changes?: (change: Change, there: (path: RelPath) => Identity | null) => Change;
  /** what the replica is told instead of a person's decision about what is held */
  readonly decide?: (decision: Decision) => readonly Decision[];
  /** changes the system calls that the engine makes */
  readonly sys?: (sys: Sys) => void;
}
