/** When so much is gone at once that a person is asked first: an empty mount and a mistyped rm look alike. */

/** Fewer deletions than this are never held. */
const ALWAYS_ALLOWED = 100;

/** How many of a mapping's files may be gone at one look without being held. */
export function mostDeletions(files: number, maxDeletePercent: number): number {
  return maxDeletePercent >= 100 ? Infinity : Math.max(ALWAYS_ALLOWED, (files * maxDeletePercent) / 100);
}
