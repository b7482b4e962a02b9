/** The mappings that a disk worker has open: each lane has its own descriptors. */
import type { Accounts } from '../../../sys/accounts.ts';
import type { Fd, Sys } from '../../../sys/sys.ts';
import { CsyncdError } from '../../../util/errors.ts';
import { compileSelection } from '../../../util/selection.ts';
import type { ApplyOptions } from '../apply/change.ts';
import type { ScanOptions } from '../scan/context.ts';
import { checkRoot } from '../scan/root.ts';
import { openBeliefs, type OpenedBeliefs } from './beliefs.ts';
import type { LaneName, OpenArgs } from './operations.ts';

/** Content of a file up to this size rides along with its observation, and with its row to the peers. */
const CONTENT_UP_TO = 64 * 1024;
/** Of one scan: what is not sent yet stays in the control loop's memory. */
const CONTENT_BUDGET = 64 * 1024 * 1024;

export interface OpenMapping {
  readonly rootFd: Fd;
  readonly apply: ApplyOptions;
  readonly scan: Omit<ScanOptions, 'reread'>;
  /** null but in the scan lane */
  readonly beliefs: OpenedBeliefs | null;
}

export class Mappings {
  readonly #sys: Sys;
  readonly #accounts: Accounts;
  readonly #lane: LaneName;
  readonly #open = new Map<number, OpenMapping>();

  constructor(sys: Sys, accounts: Accounts, lane: LaneName) {
    this.#sys = sys;
    this.#accounts = accounts;
    this.#lane = lane;
  }

  /** Throws RootLost when the path leads to another directory than the one that was prepared. */
  async open({ mapping, settings, root }: OpenArgs): Promise<void> {
    const rules = { owner: settings.owner, accounts: this.#accounts };
    const clocks = { now: wallClock, clock: () => performance.now() };
    const selection = compileSelection(settings);
    const rootFd = this.#sys.openRoot(root.path);
    try {
      checkRoot(this.#sys, rootFd, root);
      const beliefs = this.#lane === 'scan' ? await openBeliefs(settings.beliefs) : null;
      this.#open.set(mapping, {
        rootFd,
        apply: { root, ...rules, ...clocks, durability: settings.durability },
        scan: {
          root,
          ...rules,
          ...clocks,
          selection,
          contentUpTo: CONTENT_UP_TO,
          contentBudget: CONTENT_BUDGET,
        },
        beliefs,
      });
    } catch (error) {
      this.#sys.close(rootFd);
      throw error;
    }
  }

  get(mapping: number): OpenMapping {
    const open = this.#open.get(mapping);
    if (open === undefined) throw new CsyncdError('detached', 'the directory is not attached');
    return open;
  }

  close(mapping: number): void {
    const open = this.#open.get(mapping);
    if (open === undefined) return;
    this.#open.delete(mapping);
    this.#sys.close(open.rootFd);
    open.beliefs?.close();
  }
}

/** ns since 1970 */
function wallClock(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
