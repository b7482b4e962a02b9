/** A mapping on the real file system, scanned against beliefs in memory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileAccounts } from '../../../../src/sys/accounts-files.ts';
import { openSys } from '../../../../src/sys/open.ts';
import type { Sys } from '../../../../src/sys/sys.ts';
import { compileSelection } from '../../../../src/util/selection.ts';
import type { RelPath } from '../../../../src/backends/engine/core/types.ts';
import type { ScanOptions } from '../../../../src/backends/engine/scan/context.ts';
import type { Look, Observation, ScanReport } from '../../../../src/backends/engine/scan/observation.ts';
import { scanLooks } from '../../../../src/backends/engine/scan/scan.ts';
import { Beliefs } from '../../../kit/beliefs.ts';

export const WHOLE: readonly Look[] = [{ path: '' as RelPath, scope: 'subtree' }];

export class Tree {
  readonly sys: Sys;
  readonly root: string;
  readonly fd: number;
  readonly beliefs = new Beliefs();
  options: ScanOptions;
  report: ScanReport | null = null;

  constructor(
    options: Partial<ScanOptions> = {},
    sys: Sys = openSys(),
    root = mkdtempSync(path.join(tmpdir(), 'csyncd-scan-')),
  ) {
    this.sys = sys;
    this.root = root;
    mkdirSync(path.join(root, '.csyncd'), { mode: 0o700 });
    this.fd = sys.openRoot(root);
    const { dev, ino } = sys.fstat(this.fd);
    this.options = {
      root: { path: root, dev, ino },
      selection: compileSelection({ exclude: [], include: [] }),
      owner: 'numeric',
      accounts: fileAccounts(),
      // Later than any time stamp that a test makes, so that identities are certain at once.
      now: () => BigInt(Date.now() + 60_000) * 1_000_000n,
      clock: () => performance.now(),
      contentUpTo: 65_536,
      contentBudget: 1_000_000,
      ...options,
    };
  }

  at(name: string): string {
    return path.join(this.root, name);
  }

  look(looks: readonly Look[] = WHOLE): Observation[] {
    const seen: Observation[] = [];
    const steps = scanLooks(this.sys, this.fd, this.beliefs, looks, this.options);
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        this.report = step.value;
        return seen;
      }
      seen.push(step.value);
    }
  }

  /** Looks, and believes what it saw. */
  learn(looks: readonly Look[] = WHOLE): Observation[] {
    const seen = this.look(looks);
    const stale = this.beliefs.accept(seen);
    if (stale.length > 0) throw new Error(`stale: ${JSON.stringify(stale.map((one) => one.path))}`);
    return seen;
  }

  close(): void {
    this.sys.close(this.fd);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function entry(name: string): Look {
  return { path: name as RelPath, scope: 'entry' };
}

/** `kind path`, as a test states what was seen. */
export function told(seen: readonly Observation[]): string[] {
  return seen.map((one) => `${one.kind === 'present' ? one.value.kind : one.kind} ${one.path}`);
}
