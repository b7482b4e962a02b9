/**
 * What becomes of a failure: a table by code, the only place that decides it. Failures of single paths never come here:
 * a backend reports those and goes on.
 */
import type { HoldReason } from '../backends/backend.ts';
import { codeOf, CsyncdError, messageOf } from '../util/errors.ts';

/**
 * `retry` = the mapping waits and tries again with back-off; `hold` = it waits until a person acts (`sync`, `resume`,
 * a reload); `fatal` = the daemon must not go on with its state.
 */
export type Disposition = 'retry' | 'hold' | 'fatal';

export interface Failure {
  readonly disposition: Disposition;
  readonly reason: HoldReason;
}

const table: Readonly<Record<string, { readonly disposition: Disposition; readonly hint: string }>> = {
  EACCES: { disposition: 'retry', hint: 'let csyncd read and write the directory, its parents included' },
  EPERM: {
    disposition: 'retry',
    hint: 'let csyncd read and write the directory; look for an immutable flag (lsattr)',
  },
  EROFS: {
    disposition: 'retry',
    hint: 'mount the file system for writing (systemd: ReadWritePaths, see csyncd config unit)',
  },
  ENOSPC: { disposition: 'retry', hint: 'free space or inodes on the file system' },
  EDQUOT: { disposition: 'retry', hint: 'raise the quota or free space' },
  EIO: { disposition: 'retry', hint: 'look for disk errors in the kernel log (dmesg)' },
  EMFILE: { disposition: 'retry', hint: 'raise LimitNOFILE of the service' },
  ENFILE: { disposition: 'retry', hint: 'raise fs.file-max' },
  ENOMEM: { disposition: 'retry', hint: 'free memory' },
  ENOTDIR: { disposition: 'retry', hint: "make the mapping's path a directory" },
  ELOOP: { disposition: 'retry', hint: "name the directory itself as the mapping's path, not a symlink" },
  ENOENT: { disposition: 'retry', hint: "create the mapping's directory" },
  'unsuitable-filesystem': { disposition: 'hold', hint: 'move the mapping to a local file system' },
  'state-full': { disposition: 'retry', hint: 'free space on the file system of the state directory' },
  'state-corrupt': {
    disposition: 'fatal',
    hint: 'move the state directory aside and start again: the node rejoins its peers',
  },
  'port-in-use': { disposition: 'fatal', hint: 'set listen to a free port' },
  'cannot-listen': { disposition: 'fatal', hint: 'set listen to an address of this machine' },
};

const unknown = {
  disposition: 'retry',
  hint: 'it is tried again by itself; see the log (log.level: debug)',
} as const;

/** What to do about an errno or a CsyncdError's code. */
export function hintOf(code: string): string {
  return (table[code] ?? unknown).hint;
}

/** Classifies anything thrown by a backend. A CsyncdError's own hint is better than the table's. */
export function classify(error: unknown): Failure {
  const code = codeOf(error) ?? 'internal';
  const entry = table[code] ?? unknown;
  const hint = error instanceof CsyncdError && error.hint !== null ? error.hint : entry.hint;
  return { disposition: entry.disposition, reason: { code, message: messageOf(error), hint } };
}
