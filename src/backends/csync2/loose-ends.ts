/**
 * What an update leaves behind that csync2 by itself would never put right. It sends what is on the disk, not what it has
 * recorded: a file that was removed or replaced since the last look, and is the recorded one again at the next, as when
 * a directory is renamed and renamed back, differs from what the peer was sent, and nothing tells so. Likewise a file that
 * came after its deletion was owed, and went before a look has seen it.
 */
import { glanceAt } from './glances.ts';
import type { Csync2Mapping } from './mapping.ts';
import type { FileResult } from './output.ts';
import type { Outcome } from './peer-run.ts';

interface Sent extends Pick<FileResult, 'name' | 'action'> {
  /** what it was when something else was on the disk: csync2's text, null = none; undefined = not seen yet */
  recorded?: string | null;
}

const MOST = 100_000;

export class LooseEnds {
  readonly #sent = new Map<string, Sent>();

  /** An update towards a peer has done these. */
  left({ sent }: Pick<Outcome, 'sent'>): void {
    for (const { name, action } of sent) {
      const key = `${action} ${name}`;
      if (this.#sent.size < MOST && !this.#sent.has(key)) this.#sent.set(key, { name, action });
    }
  }

  /**
   * Those that peers may have otherwise than they are recorded, although no look will find a difference: they are to be
   * marked. What is on the disk and not recorded (yet) is asked about again the next time.
   */
  async due(mapping: Csync2Mapping, signal: AbortSignal): Promise<string[]> {
    const asked = [...this.#sent].flatMap(([key, sent]) => {
      const path = mapping.pathOf(sent.name);
      return path === null ? [] : [{ key, sent, path }];
    });
    if (asked.length === 0) return [];
    const { local } = mapping.parts;
    const names = asked.map(({ sent }) => sent.name);
    const paths = asked.map(({ path }) => path);
    const [texts, there] = await local.alone(
      async () => [await local.table.texts(names), await glanceAt(mapping.tree, paths, signal)] as const,
      signal,
    );
    const due: string[] = [];
    for (const { key, sent, path } of asked) {
      const recorded = texts.get(sent.name) ?? null;
      const isAsRecorded = there.get(path) === recorded;
      // What a look has noticed meanwhile is owed anew.
      const wasOther = sent.recorded === recorded;
      const isOther = (sent.action === 'delete') !== (recorded === null);
      if (isAsRecorded && (wasOther || isOther)) due.push(sent.name);
      if (!isAsRecorded) sent.recorded = recorded;
      else if (this.#sent.get(key) === sent) this.#sent.delete(key);
    }
    return due;
  }
}

/** A deletion below what is no directory at the peer: it fails for ever, and nothing is left to be deleted there. */
export function deletedAnyway({ failed }: Pick<Outcome, 'failed'>): string[] {
  return failed.flatMap(({ name, action, message }) =>
    action === 'delete' && message?.includes('Not a directory') === true ? [name] : [],
  );
}
