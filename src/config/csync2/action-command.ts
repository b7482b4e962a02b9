/**
 * The command line of an action in csync2.cfg. csync2 gives it to a shell and can add the changed paths only as one long
 * unquoted argument, too long for the shell when there are many. So the line calls `csyncd run-action`, which finds the
 * paths in csync2's database. Every word in it is percent-encoded: neither csync2 nor the shell sees anything to
 * interpret.
 */

/** Byte strings. */
export interface ActionCall {
  readonly database: string;
  readonly timeoutMs: number;
  /** the directories of this node that stand behind csync2's prefixes */
  readonly prefixes: ReadonlyMap<string, string>;
  /** the action's command and its arguments */
  readonly exec: readonly string[];
}

const NO_PREFIXES = '.';

/** The words behind `csyncd run-action`. */
export function actionWords({ database, timeoutMs, prefixes, exec }: ActionCall): string[] {
  const places = [...prefixes].map(([name, dir]) => `${name}=${encodeWord(dir)}`);
  return [
    encodeWord(database),
    String(timeoutMs),
    places.length === 0 ? NO_PREFIXES : places.join(','),
    ...exec.map(encodeWord),
  ];
}

/** Reads the words back; null when they are not what actionWords writes. */
export function parseActionWords(words: readonly string[]): ActionCall | null {
  const [database, timeout, places, ...exec] = words;
  if (database === undefined || places === undefined || exec.length === 0) return null;
  const timeoutMs = Number(timeout);
  if (!Number.isInteger(timeoutMs)) return null;
  const pairs = places === NO_PREFIXES ? [] : places.split(',').map((pair) => pair.split('='));
  const prefixes = new Map(pairs.map(([name = '', dir = '']) => [name, decodeWord(dir)]));
  return { database: decodeWord(database), timeoutMs, prefixes, exec: exec.map(decodeWord) };
}

/** @param csyncd the program, a byte string */
export function actionCommand(csyncd: string, call: ActionCall): string {
  const program = /^[\w/.+-]+$/.test(csyncd) ? csyncd : `'${csyncd.replaceAll("'", "'\\''")}'`;
  return `${program} run-action ${actionWords(call).join(' ')}`;
}

/** A `-` in front would be taken for an option. An empty word cannot be: the config does not allow it. */
function encodeWord(word: string): string {
  return word.replaceAll(
    /^-|[^\w/.:+-]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function decodeWord(word: string): string {
  return word.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
