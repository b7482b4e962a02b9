/** lsyncd in front of csync2: what lsyncd says of times goes to the mappings that came from csync2.cfg. */
import type { Csync2Sync, LsyncdDraft } from '../lsyncd/import.ts';
import type { Draft, DraftGroup, DraftMapping, Remark } from './draft.ts';

export interface Csync2Draft {
  /** NAME of csync2_NAME.cfg; null for csync2.cfg */
  readonly name: string | null;
  readonly draft: Draft;
}

export function joinLsyncd(csync2: readonly Csync2Draft[], lsyncd: readonly LsyncdDraft[]): Draft[] {
  const remarks: Remark[] = [];
  let drafts = csync2;
  for (const sync of lsyncd.flatMap((draft) => draft.csync2)) {
    const cfg = sync.config === null ? 'csync2.cfg' : `csync2_${sync.config}.cfg`;
    const say = (message: string): void =>
      void remarks.push({ file: sync.file, line: sync.line, message: `sync ${sync.source}: ${message}` });
    const known = drafts.find(({ name }) => name === sync.config);
    if (known === undefined) {
      say(`its hosts and patterns are in ${cfg}: name that file too`);
      continue;
    }
    const draft = withTimes(known.draft, sync);
    if (draft === null) say(`${cfg} includes nothing there`);
    else drafts = drafts.map((entry) => (entry === known ? { ...entry, draft } : entry));
  }
  return [{ groups: [], remarks }, ...drafts.map(({ draft }) => draft)];
}

/** Null when no mapping has to do with the directory. */
function withTimes(draft: Draft, sync: Csync2Sync): Draft | null {
  let found = false;
  const timed = (mapping: DraftMapping): DraftMapping => {
    const paths = [mapping.path, ...Object.values(mapping.paths)];
    if (!paths.some((path) => isWithin(path, sync.source) || isWithin(sync.source, path))) return mapping;
    found = true;
    return { ...mapping, maxDelay: sync.maxDelay ?? mapping.maxDelay };
  };
  const groups = draft.groups.map((group): DraftGroup => ({ ...group, mappings: group.mappings.map(timed) }));
  return found ? { ...draft, groups } : null;
}

function isWithin(path: string, around: string): boolean {
  return path === around || path.startsWith(`${around}/`);
}
