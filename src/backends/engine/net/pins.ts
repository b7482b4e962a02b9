/** The first certificate seen of each node, kept in the store, for as long as no CA vouches for certificates. */

/** The part of the store that is needed here. */
export interface PinStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

export interface Pin {
  readonly node: string;
  /** SHA-256 of the certificate: hex pairs with colons */
  readonly fingerprint: string;
  /** ms since 1970 */
  readonly since: number;
}

export interface Pins {
  list(): Pin[];
  get(node: string): Pin | null;
  /** Pins a certificate; one that is pinned already stays. */
  pin(node: string, fingerprint: string, now: number): void;
  /** false when nothing was pinned under that name. */
  forget(node: string): boolean;
}

const KEY = 'net.pins';

export function createPins(storage: PinStorage): Pins {
  const read = (): Pin[] => JSON.parse(storage.get(KEY) ?? '[]') as Pin[];
  const write = (pins: readonly Pin[]) => storage.set(KEY, JSON.stringify(pins));
  const find = (node: string) => read().find((pin) => pin.node === node) ?? null;
  return {
    list: read,
    get: find,
    pin(node, fingerprint, now) {
      if (find(node) === null) write([...read(), { node, fingerprint, since: now }]);
    },
    forget(node) {
      if (find(node) === null) return false;
      write(read().filter((pin) => pin.node !== node));
      return true;
    },
  };
}
