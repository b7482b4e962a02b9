/**
 * lsyncd's rules for paths as csyncd's. They are like rsync's: a rule with a `/` in front is anchored, one without may begin
 * behind any slash, a `/` at its end means directories, `*` stays within a name and `**` does not. As measured with lsyncd 2.2.3.
 */

export interface TranslatedRule {
  /** csyncd's pattern; null when there is none */
  readonly pattern: string | null;
  /** what differs, or why there is none; null when it is exactly the same */
  readonly problem: string | null;
}

export function translateRule(rule: string): TranslatedRule {
  const differs = (problem: string, pattern: string | null = null): TranslatedRule => ({ pattern, problem });
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/.test(rule)) return differs('has control characters; it is left out');
  if (rule.includes('[') || rule.includes(']'))
    return differs('lsyncd takes [ ] for itself and rsync for a set; it is left out');
  if (rule.includes('\\')) return differs('has a backslash; it is left out');
  const dirOnly = rule.endsWith('/');
  const anchored = rule.startsWith('/');
  const names = rule.replaceAll(/^\/|\/$/g, '').split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    return differs('has an empty, "." or ".." part; it is left out');
  const inner = names.map((name, at) => deepName(name, at === names.length - 1, at === 0 && !anchored));
  if (inner.includes(null)) return differs('has a "**" in the middle of a name; it is left out');

  const end = dirOnly ? '/' : '';
  const last = names.at(-1) ?? '';
  if (names.length === 1 && !anchored)
    return last === '**' ? { pattern: '*', problem: null } : same(`${escapedMark(inner.join(''))}${end}`);
  const top = names[0] === '**' && !anchored;
  const body = (top ? inner.slice(1) : inner).join('/');
  const pattern = `${anchored ? '/' : '/**/'}${body}${end}`;
  if (top)
    return differs('lsyncd needs a directory in front and rsync does not; taken as rsync does', pattern);
  if (last === '*' || last === '**')
    return differs('lsyncd leaves out the directory itself as well; taken as rsync does, without', pattern);
  return same(pattern);
}

function same(pattern: string): TranslatedRule {
  return { pattern, problem: null };
}

/** A name whose `**` csyncd can say otherwise: alone it is one directory at least, at an end it is as good as a `*`. */
function deepName(name: string, isLast: boolean, mayBegin: boolean): string | null {
  if (!name.includes('**')) return name;
  if (/^\*{2,}$/.test(name)) return isLast ? '**' : '*/**';
  const [, lead = '', middle = name, tail = ''] = /^(\*{2,})?(.*?)(\*{2,})?$/.exec(name) ?? [];
  if (middle.includes('**') || (lead !== '' && !mayBegin) || (tail !== '' && !isLast)) return null;
  return `${lead === '' ? '' : '*'}${middle}${tail === '' ? '' : '*'}`;
}

function escapedMark(name: string): string {
  return name.startsWith('!') ? `\\${name}` : name;
}
