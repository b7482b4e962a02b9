/**
 * What users did to files, kept apart from everything that csyncd keeps: by it, each content that was ever written must
 * be explained at the end (I3), and nothing that a user deleted or replaced knowingly may come back (I4).
 */
import { TEMP } from './actor.ts';
import type { Entry, Tree } from './trees.ts';
import { changed, sameEntry, sha256Of } from './trees.ts';

export class Ledger {
  private readonly hasLinks: boolean;
  /** versions that users put somewhere: `path NUL text`, with how often */
  private readonly made = new Map<string, { path: string; text: string; count: number }>();
  /** `path NUL text` of what a user of some node replaced or deleted with it before his eyes */
  private readonly removed = new Set<string>();
  /** and where that counts for all nodes */
  private readonly removedForAll = new Set<string>();
  /** paths that users of a node have changed there */
  private readonly touchedBy: Set<string>[] = [];
  /** contents that users of a node have written there */
  private readonly byNode: Set<string>[] = [];
  /** node and path of what a user, or a power cut, took away there */
  private readonly deletedBy = new Set<string>();
  private readonly excused = new Set<string>();
  /** contents that a process wrote over through a descriptor */
  private readonly overwritten = new Set<string>();
  /** and what it wrote */
  private readonly late = new Set<string>();

  /** With more names of one file, a change of one is a change of the others, which nobody made. */
  constructor(hasLinks: boolean) {
    this.hasLinks = hasLinks;
  }

  /** A user's edit as the difference of two trees of one node; `told` is false on a node that only receives. */
  edited(node: number, before: Tree, after: Tree, told: boolean): void {
    const touched = (this.touchedBy[node] ??= new Set());
    for (const [path, entry] of before) {
      const now = after.get(path);
      if (now !== undefined && sameEntry(entry, now)) continue;
      touched.add(path);
      if (now?.text !== entry.text || now.kind !== entry.kind) {
        this.removed.add(`${path}\0${entry.text}`);
        if (told) this.removedForAll.add(`${path}\0${entry.text}`);
      }
      if (now === undefined) this.deletedBy.add(`${node} ${path}`);
    }
    for (const [path, entry] of after) {
      const was = before.get(path);
      if (was !== undefined && sameEntry(entry, was)) continue;
      touched.add(path);
      this.make(node, path, entry);
    }
  }

  /**
   * A power cut, or an image that was put back: what users of this node had done may be undone, and that is no fault. What
   * csyncd did must stay done, or be done again; with `all` even that may come undone, and spread.
   */
  wentBack(node: number, before: Tree, after: Tree, lost: readonly string[], all: boolean): void {
    for (const text of lost) if (this.wrote(node, text)) this.overwritten.add(text);
    const touched = (this.touchedBy[node] ??= new Set());
    // What a user did here and csyncd had not taken up yet may never have happened.
    for (const path of touched) this.excuse(path);
    for (const path of changed(before, after)) {
      const [was, now] = [before.get(path), after.get(path)];
      const isOwn =
        path === TEMP || [was, now].some((entry) => entry !== undefined && this.wrote(node, entry.text));
      if (!all && !isOwn && !touched.has(path)) continue;
      if (was !== undefined && touched.has(path)) this.removed.add(`${path}\0${was.text}`);
      touched.add(path);
      if (now !== undefined) this.make(node, path, now);
      else this.deletedBy.add(`${node} ${path}`);
    }
  }

  /** A process wrote to a file that has no name for users any more. */
  wroteUnseen(node: number, before: string, after: string): void {
    this.overwritten.add(before);
    this.late.add(after);
    (this.byNode[node] ??= new Set()).add(after);
  }

  wasLate(text: string): boolean {
    return this.late.has(text);
  }

  /** Paths that users of this node have changed there. */
  touched(node: number): readonly string[] {
    return [...(this.touchedBy[node] ?? [])];
  }

  /** Whether a user of this node deleted this path there, or a directory that it was put into at that moment. */
  deleted(node: number, path: string): boolean {
    const names = path.split('/');
    return names.some((_, index) => this.deletedBy.has(`${node} ${names.slice(0, index + 1).join('/')}`));
  }

  /** Whether a user of this node wrote this content there. */
  wrote(node: number, text: string): boolean {
    return this.byNode[node]?.has(text) ?? false;
  }

  wroteSha(node: number, sha256: string): boolean {
    return [...(this.byNode[node] ?? [])].some((text) => sha256Of(text) === sha256);
  }

  /** Whether some user replaced or deleted this content with it before his eyes. */
  gaveUp(text: string): boolean {
    return this.overwritten.has(text) || [...this.removed].some((key) => key.endsWith(`\0${text}`));
  }

  /** What came before what at this path cannot be known. */
  excuse(path: string): void {
    this.excused.add(path);
  }

  /** I3: contents that are nowhere, though nobody replaced them who had them before his eyes. */
  lost(isAlive: (text: string) => boolean): string[] {
    const lost: string[] = [];
    for (const [key, { path, text }] of this.made) {
      if (text === '' || this.overwritten.has(text) || this.removed.has(key) || isAlive(text)) continue;
      lost.push(`${path} ${JSON.stringify(text)}`);
    }
    return lost;
  }

  /** I4: versions in a tree that were made once and then knowingly taken away. */
  resurrected(tree: Tree): string[] {
    if (this.hasLinks) return [];
    const back: string[] = [];
    for (const [path, { kind, text }] of tree) {
      if (kind !== 'file' || text === '' || this.excused.has(path) || this.late.has(text)) continue;
      const key = `${path}\0${text}`;
      if (this.removedForAll.has(key) && this.made.get(key)?.count === 1)
        back.push(`${path} ${JSON.stringify(text)}`);
    }
    return back;
  }

  private make(node: number, path: string, entry: Entry): void {
    if (entry.kind !== 'file' && entry.kind !== 'symlink') return;
    const key = `${path}\0${entry.text}`;
    const made = this.made.get(key);
    if (made === undefined) this.made.set(key, { path, text: entry.text, count: 1 });
    else made.count++;
    (this.byNode[node] ??= new Set()).add(entry.text);
  }
}
