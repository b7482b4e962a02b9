/**
 * What this version can do beyond the base protocol. Each side names its own in the handshake; what both have is used.
 * A name is never given a second meaning: something changed gets a new name.
 */
export const FEATURES: readonly string[] = ['zstd'];

/** The features that both sides have. */
export function sharedFeatures(theirs: readonly string[], ours: readonly string[] = FEATURES): Set<string> {
  return new Set(ours.filter((feature) => theirs.includes(feature)));
}
