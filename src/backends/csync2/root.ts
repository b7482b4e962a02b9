/** A mapping's directory: whether it is there, and still the one that csync2 has recorded. */
import { readdirSync } from 'node:fs';
import type { Mapping } from '../../config/model.ts';
import type { Stat, Sys } from '../../sys/sys.ts';
import { bytesToText, textToBytes } from '../../util/bytes.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { NodeServices } from '../node-services.ts';

export type RootIdentity = Pick<Stat, 'dev' | 'ino'>;

export interface RootParts {
  readonly group: string;
  readonly mapping: Mapping;
  readonly services: NodeServices;
  readonly sys: Sys;
  /** the config of its csync2 is somebody else's: then nothing of csyncd's is put into it */
  readonly isForeign: boolean;
}

export class MappingRoot {
  /** absolute, a byte string */
  readonly path: string;
  readonly #parts: RootParts;
  #identity: RootIdentity | null = null;

  constructor(parts: RootParts) {
    this.#parts = parts;
    this.path = textToBytes(parts.mapping.path);
  }

  /** Which directory it was when it was found good; null before. */
  get identity(): RootIdentity | null {
    return this.#identity;
  }

  /**
   * From now on the directory that is there counts. Rejects with a CsyncdError, `root-lost` when it is not the one that was
   * there before.
   *
   * @param entries what csync2 has recorded of it
   */
  async accept(entries: number): Promise<void> {
    const { services, mapping, isForeign } = this.#parts;
    const identity = this.#look();
    if (services.notes.get(this.#note('taken')) !== 'taken' && entries > 1) this.#mustHoldSomething();
    if (!isForeign) {
      await services.prepareRoot(mapping.path, services.notes.get(this.#note('root')) !== null);
      services.notes.set(this.#note('root'), 'prepared');
    }
    services.notes.set(this.#note('taken'), '');
    mustBeSame(this.path, this.#look(), identity);
    this.#identity = identity;
  }

  /** A person takes the directory that is there, although it is empty or another one. */
  async take(): Promise<void> {
    const { services, mapping, isForeign } = this.#parts;
    if (!isForeign) await services.prepareRoot(mapping.path, false);
    services.notes.set(this.#note('taken'), 'taken');
  }

  /**
   * Throws `root-lost` (or what a system call throws) unless the directory that was accepted is there. csync2 takes what it
   * does not find for deleted: no run of it may begin without this.
   */
  mustBeThere(): void {
    if (this.#identity === null) throw new CsyncdError('detached', `${this.#parts.mapping.name} is detached`);
    mustBeSame(this.path, this.#look(), this.#identity);
  }

  #look(): Stat {
    const { sys } = this.#parts;
    const fd = sys.openRoot(this.path);
    try {
      return sys.fstat(fd);
    } finally {
      sys.close(fd);
    }
  }

  /** An empty directory where csync2 has recorded files is one that is not mounted. */
  #mustHoldSomething(): void {
    const { mapping } = this.#parts;
    const names = readdirSync(Buffer.from(this.path, 'latin1'));
    if (names.some((name) => name !== '.csyncd')) return;
    throw new CsyncdError('root-lost', `${mapping.path}: it is empty, and csync2 has recorded files in it`, {
      hint: `mount the file system; or csyncd approve ${mapping.name} takes the empty directory`,
    });
  }

  #note(what: 'root' | 'taken'): string {
    return `csync2 ${what} ${this.#parts.group}/${this.#parts.mapping.name}`;
  }
}

/** Throws `root-lost` when the path leads to another directory than before. */
export function mustBeSame(rootPath: string, now: RootIdentity, before: RootIdentity): void {
  if (now.dev === before.dev && now.ino === before.ino) return;
  const path = bytesToText(rootPath);
  throw new CsyncdError('root-lost', `${path}: the path leads to another directory than before`, {
    hint: 'mount or restore the directory; or csyncd approve MAPPING takes the one that is there. Nothing counts as deleted meanwhile',
    data: { path },
  });
}
