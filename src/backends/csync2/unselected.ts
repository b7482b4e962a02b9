/**
 * What csync2 recorded before the mapping's rules left it out. Were it kept, a file that is removed here while the rules
 * leave it out would count as deleted when they take it in again, and be deleted elsewhere.
 */
import { decode } from './encoding.ts';
import { kindOf } from './checktxt.ts';
import type { MappingParts } from './mapping.ts';
import { keyAfter, keysBelow } from './table.ts';

const PAGE = 2_000;

/** Has csync2 forget it, when the rules are not those of the last time. */
export async function forgetUnselected(parts: MappingParts, signal: AbortSignal): Promise<void> {
  const { group, mapping, services, isForeign, local } = parts;
  // There csync2 goes by rules of its own, and its database is not csyncd's alone.
  if (isForeign) return;
  const note = `csync2 rules ${group}/${mapping.name}`;
  const rules = JSON.stringify([mapping.include, mapping.exclude]);
  if (services.notes.get(note) === rules) return;
  const names = await local.alone(() => unselected(parts), signal);
  if (names.length > 0) await local.forget(names, signal);
  services.notes.set(note, rules);
}

async function unselected({ local, rootName, selection }: MappingParts): Promise<string[]> {
  const names: string[] = [];
  let { from, before } = keysBelow(rootName);
  for (;;) {
    const rows = await local.table.page({ from, before }, PAGE);
    for (const { key, text } of rows) {
      const name = decode(key);
      if (!selection.selects(name.slice(rootName.length + 1), kindOf(text) === 'dir')) names.push(name);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return names;
    from = keyAfter(last.key);
  }
}
