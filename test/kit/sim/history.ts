/**
 * A history is data: who does what, when. The same history gives the same run, so a failing one can be stored, read by
 * a person and made smaller.
 */
import type { Policy } from '../../../src/backends/engine/core/types.ts';

/** What a local process does to the files of one node. What cannot be done (no such file …) is left out. */
export type Edit =
  /** opens, truncates and writes in place; makes the directories on the way */
  | { readonly do: 'write' | 'append'; readonly path: string; readonly text: string }
  /** writes a new file and renames it over the path; `time` (s) is its mtime, as `cp -p` and rsync set it */
  | { readonly do: 'replace'; readonly path: string; readonly text: string; readonly time: number | null }
  | { readonly do: 'truncate' | 'remove' | 'rmdir' | 'rmtree' | 'mkfifo'; readonly path: string }
  | { readonly do: 'mkdir' | 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'touch'; readonly path: string; readonly time: number }
  | { readonly do: 'symlink'; readonly path: string; readonly text: string }
  /** `copy` keeps the time; `move` and `copy` take directories too */
  | { readonly do: 'move' | 'copy' | 'link'; readonly path: string; readonly to: string }
  /** a process opens the file and keeps it open; `late` writes to what was opened, whatever its name is by then */
  | { readonly do: 'hold'; readonly path: string }
  | { readonly do: 'late'; readonly text: string };

/** What happens to a node and its surroundings. */
export type Mishap =
  | { readonly do: 'scan' | 'cut-all' | 'restart' | 'full' | 'room' | 'heal' }
  /** an image of the machine is taken, put back; `wipe`: the daemon's store is lost */
  | { readonly do: 'image' | 'restore' | 'wipe' }
  /** an operator stops the mapping on a node, and lets it go on */
  | { readonly do: 'pause' | 'resume' }
  /** and decides about the deletions that a node holds */
  | { readonly do: 'approve' | 'reject' }
  /** the watcher loses its next events */
  | { readonly do: 'deaf'; readonly events: number }
  | { readonly do: 'partition' | 'cut'; readonly peer: number }
  /** the process ends; `power` takes the machine with it */
  | { readonly do: 'kill' | 'power' }
  /** the clock jumps */
  | { readonly do: 'skew'; readonly ms: number }
  /** calls that read this path (or only those of one kind) fail with EIO until `mend` */
  | { readonly do: 'break'; readonly path: string; readonly of: string | null }
  | { readonly do: 'mend' };

export type Op = (Edit | Mishap) & {
  /** ms since the operation before */
  readonly after: number;
  readonly node: number;
  /** what waits for the n-th system call of the engine on that node, of any kind or of one: the races, the crash points */
  readonly during?: number;
  readonly call?: string;
  /** only calls that name the very file that the edit is about */
  readonly near?: true;
};

export interface History {
  readonly seed: number;
  readonly nodes: number;
  /** how many of them, the last ones, only receive */
  readonly receivers: number;
  readonly policy: Policy;
  readonly tickMs: number;
  readonly durability: 'strict' | 'relaxed';
  /** contents travel with their rows; else every content is fetched, as a large one is */
  readonly inline: boolean;
  /** deletions of more than half of the files are held until an operator decides */
  readonly guarded?: boolean;
  /** what its shape promises: nobody can conflict when only one node writes */
  readonly single: boolean;
  readonly ops: readonly Op[];
}

export function isEdit(op: Op): op is Op & Edit {
  return EDITS.has(op.do);
}

const EDITS: ReadonlySet<string> = new Set<Edit['do']>([
  'write',
  'append',
  'replace',
  'truncate',
  'remove',
  'rmdir',
  'rmtree',
  'mkfifo',
  'mkdir',
  'chmod',
  'touch',
  'symlink',
  'move',
  'copy',
  'link',
  'hold',
  'late',
]);

/** One line an operation, to read. */
export function show(history: History): string {
  const { ops, ...head } = history;
  return [JSON.stringify(head), ...ops.map((op) => `  ${JSON.stringify(op)}`)].join('\n');
}
