/**
 * The rules of include and exclude once more, written straight from their description with no thought of speed: what the
 * real matcher is compared with.
 */

interface NaiveRules {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
}

/** Understands literal characters, `*`, `?` and `**`; no brackets and no backslash. */
export function naiveSelects(rules: NaiveRules, path: string, isDir: boolean): boolean {
  if (path === '') return true;
  const ways = ancestorsAndSelf(path, isDir);
  if (ways.some(([way]) => way === '.csyncd')) return false;
  if (ways.some(([way, dir]) => isExcluded(rules.exclude, way, dir))) return false;
  if (rules.include.length === 0) return true;
  if (ways.some(([way, dir]) => rules.include.some((pattern) => matches(pattern, way, dir)))) return true;
  return isDir && rules.include.some((pattern) => leadsTo(pattern, path.split('/')));
}

function ancestorsAndSelf(path: string, isDir: boolean): [string, boolean][] {
  const names = path.split('/');
  return names.map((_, at) => [names.slice(0, at + 1).join('/'), isDir || at < names.length - 1]);
}

function isExcluded(patterns: readonly string[], path: string, isDir: boolean): boolean {
  let excluded = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (matches(negated ? pattern.slice(1) : pattern, path, isDir)) excluded = !negated;
  }
  return excluded;
}

function matches(pattern: string, path: string, isDir: boolean): boolean {
  if (pattern.endsWith('/')) return isDir && matches(pattern.slice(0, -1), path, true);
  const names = path.split('/');
  if (!pattern.includes('/')) return text(pattern, names.at(-1) ?? '');
  return segments(parts(pattern), names);
}

function parts(pattern: string): string[] {
  return pattern.replace(/\/$/, '').replace(/^\//, '').split('/');
}

function segments(pattern: readonly string[], names: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return names.length === 0;
  if (first === '**') {
    if (rest.length === 0) return names.length > 0;
    return names.some((_, at) => segments(rest, names.slice(at))) || segments(rest, []);
  }
  const [name, ...others] = names;
  return name !== undefined && text(first, name) && segments(rest, others);
}

function text(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern.startsWith('*')) {
    return text(pattern.slice(1), name) || (name !== '' && text(pattern, name.slice(1)));
  }
  return (
    name !== '' && (pattern[0] === '?' || pattern[0] === name[0]) && text(pattern.slice(1), name.slice(1))
  );
}

/** Some path below the directory could match: the directory's names use up a beginning of the pattern. */
function leadsTo(pattern: string, names: readonly string[]): boolean {
  const anchoredAt = pattern.replace(/\/$/, '').includes('/');
  if (!anchoredAt) return true;
  const wanted = parts(pattern);
  return wanted.some((_, at) => {
    const beginning = wanted.slice(0, at);
    return (
      segments(beginning, names) ||
      (wanted.slice(0, at + 1).includes('**') && segments([...beginning, '**'], names))
    );
  });
}
