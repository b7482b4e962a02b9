/** csync2's actions: a shell command with the files in its text, run for any group's file that matches. */
import type { DraftAction, Remark } from '../import/draft.ts';
import { pathGlob } from './match.ts';
import type { Csync2Action } from './model.ts';
import { patternText, relativeTo } from './relative.ts';

/** The paths of the batch, which csyncd gives in a file and csync2 in place of `%%`. */
const CHANGED_PATHS = `$(tr '\\0' ' ' < "$CSYNCD_PATHS")`;

/**
 * One action for each command; none, and only remarks, where it could never run.
 *
 * @param roots of the group's mappings, as csync2 names them
 */
export function importAction(
  action: Csync2Action,
  roots: readonly string[],
): { actions: DraftAction[]; remarks: Remark[] } {
  const remarks: Remark[] = [];
  const say = (message: string): void => void remarks.push({ ...action.at, message });
  const pattern = relativePatterns(action, roots, say);
  if (pattern.length > 0 && action.patterns.length > 0 && roots.length > 1) {
    say('action: its patterns hold in all mappings of the group, and not only where csync2 has them');
  }
  if (pattern.length === 0) return { actions: [], remarks };
  const actions = action.commands.map((command): DraftAction => {
    const text = decode(command);
    const own: Remark[] = [];
    if (text.includes('%%')) {
      const message = `exec ${text}: %% is the list of changed paths from the file $CSYNCD_PATHS, as they are; csync2 URL-encodes them`;
      own.push({ ...action.at, message });
    }
    const script = text.replace('%%', () => CHANGED_PATHS);
    const logged =
      action.logfile === null ? script : `{ ${script}\n} >> ${quoted(decode(action.logfile))} 2>&1`;
    return {
      name: text.split(/\s+/).slice(0, 3).map(lastPart).join('-'),
      remarks: own,
      pattern,
      exec: ['sh', '-c', logged],
      where: action.where,
    };
  });
  return { actions, remarks };
}

function relativePatterns(
  { patterns }: Csync2Action,
  roots: readonly string[],
  say: (message: string) => void,
): string[] {
  if (patterns.length === 0) return ['*'];
  const found = new Set<string>();
  for (const pattern of patterns) {
    const glob = pathGlob(pattern);
    const before = found.size;
    for (const root of glob === null ? [] : roots) {
      const relative = glob === null ? null : relativeTo(glob, root);
      if (relative?.kind === 'covers') found.add('*');
      else if (relative?.kind === 'below')
        for (const below of relative.patterns) found.add(decode(patternText(below)));
      else say(`pattern ${decode(pattern)}: cannot be written in csyncd, and is left out`);
    }
    if (found.size === before) say(`pattern ${decode(pattern)}: matches below no mapping`);
  }
  return [...found];
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function decode(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
