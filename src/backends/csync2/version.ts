import { tooOld, unusable } from './failures.ts';

const OLDEST_MAJOR = 2;

/**
 * The version in what csync2 prints without arguments (`csync2 2.1-0rc1 - cluster synchronization tool`). Throws a
 * CsyncdError: `csync2-unusable` when it prints none, `csync2-too-old`.
 */
export function versionIn(output: string, binary: string): string {
  const [, version, major] = /^csync2 ((\d+)\.\d\S*) - /m.exec(output) ?? [];
  if (version === undefined) throw unusable(binary, 'it does not say which version it is');
  if (Number(major) < OLDEST_MAJOR) throw tooOld(binary, version);
  return version;
}
