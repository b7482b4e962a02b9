/** An action's patterns (util/selection.ts, compileTrigger) in csync2's, which for actions are all path patterns. */
import { CROSSES, literalPattern, pathPatterns } from './path-pattern.ts';
import { parseRule, type Segment } from './segments.ts';

export type TriggerTranslation =
  | { readonly ok: true; readonly patterns: readonly string[] }
  | { readonly ok: false; readonly at: number; readonly problem: string; readonly hint: string };

/** @param root the mapping's root as csync2 names it */
export function translateTrigger(texts: readonly string[], root: string): TriggerTranslation {
  const patterns: string[] = [];
  for (const [at, text] of texts.entries()) {
    const translated = pathPatterns(literalPattern(root), segmentsOf(text, at));
    if (translated === null) return { ok: false, at, ...CROSSES };
    patterns.push(...translated);
  }
  return { ok: true, patterns };
}

function segmentsOf(text: string, at: number): readonly Segment[] {
  const rule = parseRule(text, at);
  if (rule !== null) return rule.segments;
  // Directories only: what triggers is what lies in them.
  return [...(parseRule(text.slice(0, -1), at)?.segments ?? []), ['star']];
}
