/**
 * The three functions of the metadata proposal that @peculiar/x509's dependency injection asks for when it is loaded.
 * Imported before it, and only where a certificate is made.
 */
type Target = object;

const metadata = new WeakMap<Target, Map<unknown, unknown>>();

function own(key: unknown, target: Target): unknown {
  return metadata.get(target)?.get(key);
}

function inherited(key: unknown, target: Target): unknown {
  for (let at: Target | null = target; at !== null; at = Object.getPrototypeOf(at) as Target | null) {
    if (metadata.get(at)?.has(key) === true) return own(key, at);
  }
  return undefined;
}

function define(key: unknown, value: unknown, target: Target): void {
  const entries = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, entries.set(key, value));
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: inherited, getOwnMetadata: own, defineMetadata: define });
}
