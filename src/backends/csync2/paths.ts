/** Relative paths as byte strings. */

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function join(dir: string, name: string): string {
  return dir === '' ? name : `${dir}/${name}`;
}

/** Whether one of the directories above a path, the root included, is in a set. */
export function isBelowOneOf(path: string, dirs: { has(dir: string): boolean }): boolean {
  for (let at = path; at !== '';) {
    at = parentOf(at);
    if (dirs.has(at)) return true;
  }
  return false;
}

/** The next one first, the root last; none of the root itself. */
export function* directoriesAbove(path: string): Generator<string> {
  for (let at = path; at !== '';) {
    at = parentOf(at);
    yield at;
  }
}
