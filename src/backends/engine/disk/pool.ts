/**
 * The files of all mappings, for the control loop: everything that touches them runs in worker threads with synchronous
 * calls. Three lanes, so that no kind of work delays another: placing files, looking at them, and moving large contents.
 */
import type { FsInfo, Stat } from '../../../sys/sys.ts';
import { textToBytes } from '../../../util/bytes.ts';
import type { Logger } from '../../../util/log.ts';
import type { ApplyOptions, ApplyReport, Change } from '../apply/change.ts';
import type { RecoverReport } from '../apply/recover.ts';
import type { Identity, RelPath, Value } from '../core/types.ts';
import type { Look, Observation, ScanReport } from '../scan/observation.ts';
import type { OwnerMode } from '../scan/owner.ts';
import type { RootIdentity } from '../scan/root.ts';
import type { Intent } from '../store/store.ts';
import { DiskFile } from './disk-file.ts';
import { Disks, type Lanes } from './disks.ts';
import type { Lane } from './lane.ts';
import type { BeliefSource, Opened, Operations, Wanted } from './operations.ts';

export interface DiskMappingSettings {
  readonly group: string;
  readonly mapping: string;
  /** absolute, text as in the config */
  readonly path: string;
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  readonly owner: OwnerMode;
  readonly durability: ApplyOptions['durability'];
  /** instead of the store's rows */
  readonly beliefs?: BeliefSource;
}

export interface DiskPool {
  /** Starts the workers that this path will need: the first `open` does not wait for them then. */
  warmUp(path: string): void;
  /** Prepares the mapping's root and opens it in all lanes. Rejects with a CsyncdError that says what is in the way. */
  open(settings: DiskMappingSettings): Promise<DiskMapping>;
  /**
   * Makes the directory at this path a root that `open` accepts.
   *
   * @param known it was one before: then one without the marks of it is refused, as in `open`
   */
  prepareRoot(path: string, known: boolean): Promise<void>;
  /** Gives back the memory that the workers do not use. */
  release(): Promise<void>;
  /** Ends the workers; what they were doing rejects. */
  close(): Promise<void>;
}

/** What is in `.csyncd/backup`. */
export interface StoredBackup {
  readonly id: string;
  readonly stat: Stat;
}

export function openDiskPool(options: { readonly stateDir: string; readonly log: Logger }): DiskPool {
  const { stateDir, log } = options;
  const disks = new Disks(log);
  let next = 1;
  return {
    warmUp: (path) => void disks.lanesOf(path).then(() => disks.warmUp()),
    async open({ group, mapping, path, ...rest }) {
      const beliefs = rest.beliefs ?? ({ kind: 'store', stateDir, group, mapping } as const);
      const settings = { ...rest, path: textToBytes(path), beliefs };
      const lanes = await disks.lanesOf(path);
      const known = await lanes.scan.call('knows', { beliefs });
      const root = await lanes.apply.call('prepare', { path: settings.path, known });
      const args = { mapping: next++, settings, root };
      const disk = new DiskMapping(lanes, args.mapping, root);
      try {
        await Promise.all(Object.values(lanes).map((one: Lane) => one.open(args)));
      } catch (error) {
        await disk.close();
        throw error;
      }
      return disk;
    },
    async prepareRoot(path, known) {
      const lanes = await disks.lanesOf(path);
      await lanes.apply.call('prepare', { path: textToBytes(path), known });
    },
    release: () => disks.release(),
    close: () => disks.close(),
  };
}

/** One mapping's files. Each call rejects with a CsyncdError: an errno's name, `root-lost`, `worker-crashed`, `detached`. */
export class DiskMapping {
  readonly root: RootIdentity;
  readonly #lanes: Lanes;
  readonly #mapping: number;

  constructor(lanes: Lanes, mapping: number, root: RootIdentity) {
    this.#lanes = lanes;
    this.#mapping = mapping;
    this.root = root;
  }

  /**
   * Compares disk and store at these places. What differs comes in chunks, the next ones when a returned promise is
   * resolved; the result after the last.
   */
  scan(
    looks: readonly Look[],
    options: { readonly reread: boolean; readonly signal?: AbortSignal },
    onObservations: (observations: readonly Observation[]) => void | Promise<void>,
  ): Promise<ScanReport> {
    const { reread, signal } = options;
    const args = { mapping: this.#mapping, looks, reread };
    return this.#lanes.scan.call('scan', args, { onChunk: onObservations, ...(signal && { signal }) });
  }

  /** Batches are applied one after the other, in the order of the calls. */
  apply(changes: readonly Change[]): Promise<ApplyReport> {
    return this.#lanes.apply.call('apply', { mapping: this.#mapping, changes });
  }

  /** Cleans up after a crash; before anything else. */
  recover(intents: readonly Intent[]): Promise<RecoverReport> {
    return this.#lanes.apply.call('recover', { mapping: this.#mapping, intents });
  }

  /** Small files whole, in the order asked for; null for one that was changed meanwhile. */
  readSmall(wanted: readonly Wanted[]): Promise<(Uint8Array | null)[]> {
    return this.#bulk('readSmall', { wanted });
  }

  /** null when the path does not hold the file of this identity any more; any file will do for `identity` null. */
  async openRead(path: RelPath, identity: Identity | null): Promise<DiskFile | null> {
    return this.#file(await this.#bulk('openPath', { path, identity }));
  }

  /** null when there is no such backup. */
  async openBackup(id: string): Promise<DiskFile | null> {
    return this.#file(await this.#bulk('openBackup', { id }));
  }

  /** A temporary for a download, `dl-…`: made, or gone on with. */
  async openTemp(name: string): Promise<DiskFile> {
    return new DiskFile(this.#lanes.bulk, await this.#bulk('openTemp', { name }));
  }

  async removeTemp(name: string): Promise<void> {
    await this.#bulk('removeTemp', { name });
  }

  /** What is left of downloads that were not finished. */
  listTemps(): Promise<{ readonly name: string; readonly size: number; readonly changedNs: bigint }[]> {
    return this.#bulk('listTemps', {});
  }

  listBackups(): Promise<StoredBackup[]> {
    return this.#bulk('listBackups', {});
  }

  async removeBackups(ids: readonly string[]): Promise<void> {
    await this.#bulk('removeBackups', { ids });
  }

  /** The backups that were written to after they were made (by who had the file open), with what they hold now. */
  secondLook(
    backups: readonly { readonly id: string; readonly value: Value }[],
  ): Promise<{ readonly id: string; readonly edit: Value }[]> {
    return this.#bulk('secondLook', { backups });
  }

  space(): Promise<FsInfo> {
    return this.#bulk('space', {});
  }

  /** Gives the root's descriptors back. */
  async close(): Promise<void> {
    await Promise.allSettled(
      Object.values(this.#lanes).map((lane: Lane) => lane.closeMapping(this.#mapping)),
    );
  }

  #bulk<Name extends BulkName>(
    op: Name,
    args: Omit<Operations[Name]['args'], 'mapping'>,
  ): Promise<Operations[Name]['result']> {
    return this.#lanes.bulk.call(op, { mapping: this.#mapping, ...args });
  }

  #file(opened: Opened | null): DiskFile | null {
    return opened === null ? null : new DiskFile(this.#lanes.bulk, opened);
  }
}

type BulkName =
  | 'readSmall'
  | 'openPath'
  | 'openBackup'
  | 'openTemp'
  | 'removeTemp'
  | 'listTemps'
  | 'listBackups'
  | 'removeBackups'
  | 'secondLook'
  | 'space';
