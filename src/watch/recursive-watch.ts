/**
 * The recursive watch by @parcel/watcher: of the mapping, and of the canary beside it, which shares its thread and its
 * inotify descriptor. It begins once in the life of a process: an ended and repeated subscription is blind.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { subscribe, type AsyncSubscription } from '@parcel/watcher';
import { messageOf } from '../util/errors.ts';

export interface RecursiveWatchOptions {
  /** byte path */
  readonly root: string;
  /** byte paths below the root that are not watched, without patterns */
  readonly ignored: readonly string[];
  /** text */
  readonly canary: string;
  readonly onCanary: () => void;
  readonly onEvents: (events: readonly { readonly path: string; readonly type: string }[]) => void;
  /** the watch has ended and will say no more */
  readonly onBroken: (reason: string) => void;
}

const ATTEMPTS = 3;

/**
 * @returns null when it watches; else why it cannot: no watches left, a tree that changes too fast while it is being
 *   read, a path longer than the kernel takes
 */
export async function watchRecursively(options: RecursiveWatchOptions): Promise<string | null> {
  const { root, ignored, canary, onCanary, onEvents, onBroken } = options;
  const bytes = Buffer.from(root, 'latin1');
  if (!isUtf8(bytes)) return 'the path is not UTF-8';
  const text = bytes.toString('utf8');
  const ignore = ignored
    .map((path) => Buffer.from(`${root}/${path}`, 'latin1'))
    .filter((path) => isUtf8(path));
  let reason = '';
  let singing = false;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      if (!singing) await watch(canary, onCanary, onBroken, []);
      singing = true;
      await watch(
        text,
        onEvents,
        onBroken,
        ignore.map((path) => path.toString('utf8')),
      );
      return null;
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return reason;
}

function watch(
  dir: string,
  onEvents: RecursiveWatchOptions['onEvents'],
  onBroken: (reason: string) => void,
  ignore: string[],
): Promise<AsyncSubscription> {
  const heard = (error: Error | null, events: readonly { path: string; type: string }[]): void => {
    if (error === null) onEvents(events);
    else onBroken(messageOf(error));
  };
  // Without a backend it would take watchman wherever that is installed. A path with glob characters is a pattern to it.
  return subscribe(dir, heard, {
    backend: 'inotify',
    ignore: ignore.filter((path) => !/[*?[\]{}()!+@\\]/.test(path)),
  });
}
