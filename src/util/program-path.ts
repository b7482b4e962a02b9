import { fileURLToPath } from 'node:url';

/** The program that starts csyncd, which lies two folders up in the checkout and in the package alike. */
export function programPath(): string {
  return fileURLToPath(new URL('../../bin/csyncd', import.meta.url));
}
