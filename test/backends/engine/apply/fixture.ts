/** A mapping on the real file system that changes are applied to. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Buffer } from 'node:buffer';
import { fileAccounts } from '../../../../src/sys/accounts-files.ts';
import { openSys } from '../../../../src/sys/open.ts';
import type { Sys } from '../../../../src/sys/sys.ts';
import type { Identity, RelPath, Sha256, Value } from '../../../../src/backends/engine/core/types.ts';
import { applyBatch } from '../../../../src/backends/engine/apply/apply.ts';
import type {
  ApplyOptions,
  ApplyReport,
  Change,
  ChangeResult,
  Outcome,
} from '../../../../src/backends/engine/apply/change.ts';
import { prepareRoot } from '../../../../src/backends/engine/apply/prepare.ts';
import { identityNow } from '../../../../src/backends/engine/scan/identity.ts';

export type FileValue = Extract<Value, { kind: 'file' }>;

/** A time that no test's clock is near. */
export const SOME_TIME = 1_580_608_922_123_456_789n;

export class Ground {
  sys: Sys;
  readonly root: string;
  readonly fd: number;
  options: ApplyOptions;

  constructor(options: Partial<ApplyOptions> = {}, root = mkdtempSync(path.join(tmpdir(), 'csyncd-apply-'))) {
    this.sys = openSys();
    this.root = root;
    const prepared = prepareRoot(this.sys, root, { known: false });
    this.fd = prepared.fd;
    this.options = {
      root: { path: root, dev: prepared.dev, ino: prepared.ino },
      owner: 'numeric',
      accounts: fileAccounts(),
      durability: 'relaxed',
      now: () => BigInt(Date.now()) * 1_000_000n,
      clock: () => performance.now(),
      ...options,
    };
  }

  at(name: string): string {
    return path.join(this.root, name);
  }

  /** What the store would believe of a path that was just looked at. */
  identity(name: string): Identity {
    const slash = name.lastIndexOf('/');
    const dir = this.sys.openDir(this.fd, name.slice(0, Math.max(0, slash)));
    try {
      const stat = this.sys.lstat(dir, name.slice(slash + 1));
      if (stat === null) throw new Error(`${name} is not there`);
      return identityNow(stat);
    } finally {
      this.sys.close(dir);
    }
  }

  apply(...changes: Change[]): ApplyReport {
    return applyBatch(this.sys, this.fd, changes, this.options);
  }

  /** Applies one change and returns what came of it. */
  one(change: Change): Outcome {
    const [result] = this.apply(change).results;
    if (result === undefined) throw new Error('no result');
    return result.outcome;
  }

  backup(id: string): string {
    return this.at(`.csyncd/backup/${id}`);
  }

  temporaries(): string[] {
    return readdirSync(this.at('.csyncd/tmp'));
  }

  /** The nanoseconds that node:fs shows of a file's mtime. */
  mtime(name: string): bigint {
    return lstatSync(this.at(name), { bigint: true }).mtimeNs;
  }

  close(): void {
    this.sys.close(this.fd);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function file(text: string | Uint8Array, more: Partial<FileValue> = {}): FileValue {
  const bytes = Buffer.from(text);
  const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256;
  return {
    kind: 'file',
    sha256,
    size: bytes.length,
    mtimeNs: SOME_TIME,
    mode: 0o644,
    owner: '#0:#0',
    ...more,
  };
}

export function dir(mode = 0o755, owner = '#0:#0'): Value {
  return { kind: 'dir', mode, owner };
}

export function link(target: string): Value {
  return { kind: 'symlink', target, mtimeNs: SOME_TIME, owner: '#0:#0' };
}

export const NOTHING: Value = { kind: 'absent' };

/** A change at a path where nothing is; `more` says what is different. */
export function change(name: string, to: Value, more: Partial<Change> = {}): Change {
  return {
    path: name as RelPath,
    expected: null,
    from: null,
    to,
    content: { kind: 'none' },
    backupId: null,
    ...more,
  };
}

/** A file that comes with its content. */
export function write(name: string, text: string, more: Partial<Change> = {}): Change {
  return change(name, file(text), { content: { kind: 'inline', bytes: Buffer.from(text) }, ...more });
}

export function kinds(results: readonly ChangeResult[]): string[] {
  return results.map(({ outcome }) => (outcome.kind === 'failed' ? outcome.code : outcome.kind));
}
