/** What a disk worker does for each operation. A lane is only a thread: all of them could serve all operations. */
import { openAccounts, openSys } from '../../../sys/open.ts';
import { releaseSpareMemory } from '../../../sys/spare-memory.ts';
import { applyBatch } from '../apply/apply.ts';
import { listBackups, openBackup, removeBackups, secondLook } from '../apply/backups.ts';
import { prepareRoot } from '../apply/prepare.ts';
import { recover } from '../apply/recover.ts';
import { scanSteps } from '../scan/scan.ts';
import { searchBlocks, weakHashes } from './block-search.ts';
import { Downloads } from './downloads.ts';
import { Files, readSmall } from './files.ts';
import { Mappings, type OpenMapping } from './mappings.ts';
import { openBeliefs } from './beliefs.ts';
import type { LaneName, OperationName, Operations } from './operations.ts';
import type { Steps } from './runner.ts';
import { chunked } from './scan-steps.ts';
import { ROOT } from '../scan/paths.ts';

type Answer<Name extends OperationName> = Operations[Name]['result'];
export type Serving = {
  readonly [Name in OperationName]: (
    args: Operations[Name]['args'],
  ) => Answer<Name> | Promise<Answer<Name>> | Generator<null, Answer<Name>> | Steps;
};

export function serving(lane: LaneName): Serving {
  const sys = openSys();
  const mappings = new Mappings(sys, openAccounts(), lane);
  const files = new Files(sys);
  const downloads = new Downloads(sys, files);
  const isDurable = (file: number): boolean =>
    mappings.get(files.mapping(file)).apply.durability === 'strict';
  const rootOf = (mapping: number): number => mappings.get(mapping).rootFd;
  return {
    async knows({ beliefs }) {
      const opened = await openBeliefs(beliefs);
      try {
        const [any] = opened.children(ROOT);
        return any !== undefined;
      } finally {
        opened.close();
      }
    },
    prepare({ path, known }) {
      const { fd, dev, ino } = prepareRoot(sys, path, { known });
      sys.close(fd);
      return { path, dev, ino };
    },
    async open(args) {
      await mappings.open(args);
      return null;
    },
    close({ mapping }) {
      files.closeMapping(mapping);
      mappings.close(mapping);
      return null;
    },

    apply: ({ mapping, changes }) => applyBatch(sys, rootOf(mapping), changes, mappings.get(mapping).apply),
    recover: ({ mapping, intents }) => recover(sys, rootOf(mapping), intents),
    scan({ mapping, looks, reread }) {
      const { rootFd, scan, beliefs } = withBeliefs(mappings.get(mapping));
      return chunked(scanSteps(sys, rootFd, beliefs, looks, { ...scan, reread }));
    },

    *readSmall({ mapping, wanted }) {
      const contents: (Uint8Array | null)[] = [];
      for (const one of wanted) {
        contents.push(readSmall(sys, rootOf(mapping), one));
        yield null;
      }
      return contents;
    },
    openPath: ({ mapping, path, identity }) => files.openPath(mapping, rootOf(mapping), path, identity),
    openBackup: ({ mapping, id }) => files.openKnown(mapping, openBackup(sys, rootOf(mapping), id), null),
    openTemp: ({ mapping, name }) => files.openTemp(mapping, rootOf(mapping), name),
    readAt: ({ file, position, length }) => files.readAt(file, position, length),
    readInto: ({ file, position, into }) => files.readInto(file, position, into),
    writeAt({ file, position, bytes }) {
      files.writeAt(file, position, bytes);
      return null;
    },
    truncate({ file, size }) {
      files.truncate(file, size);
      return null;
    },
    sha256: ({ file }) => files.sha256(file),
    blockHashes: ({ file, blockSize }) => files.blockHashes(file, blockSize),
    weakHashes: ({ file, blocks, blockSize }) => weakHashes(sys, files.fd(file), blocks, blockSize),
    searchBlocks: ({ file, search }) => searchBlocks(sys, files.fd(file), search),
    isUnchanged: ({ file }) => files.isUnchanged(file),
    resumeDownload: ({ file, limit }) => downloads.resume(file, limit, isDurable(file)),
    async append({ file, bytes }) {
      const behind = downloads.append(file, bytes);
      // Given back now: the collector would run for nothing else every few MiB.
      if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
      await behind;
      return null;
    },
    appendFrom: ({ file, from, position, length }) => downloads.appendFrom(file, from, position, length),
    finishDownload: ({ file }) => downloads.finish(file),
    async closeFile({ file }) {
      await downloads.forget(file);
      files.close(file);
      return null;
    },
    removeTemp({ mapping, name }) {
      files.removeTemp(rootOf(mapping), name);
      return null;
    },
    listTemps: ({ mapping }) => files.listTemps(rootOf(mapping)),

    listBackups: ({ mapping }) => listBackups(sys, rootOf(mapping)),
    removeBackups({ mapping, ids }) {
      removeBackups(sys, rootOf(mapping), ids);
      return null;
    },
    secondLook: ({ mapping, backups }) =>
      secondLook(sys, rootOf(mapping), backups, mappings.get(mapping).apply),
    space: ({ mapping }) => sys.statfs(rootOf(mapping)),

    release() {
      releaseSpareMemory();
      return null;
    },
  };
}

function withBeliefs(
  mapping: OpenMapping,
): OpenMapping & { readonly beliefs: NonNullable<OpenMapping['beliefs']> } {
  const { beliefs } = mapping;
  if (beliefs === null) throw new Error('only the scan lane has beliefs');
  return { ...mapping, beliefs };
}
