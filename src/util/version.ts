import { readFileSync } from 'node:fs';

/** This csyncd's version, from its package.json, which lies two folders up in the checkout and in the package alike. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
