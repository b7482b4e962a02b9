/** Watches over the root itself: waits until it is there, then tells when it no longer is what it was. */
import { setTimeout as wait } from 'node:timers/promises';
import type { DirIdentity } from './directory-index.ts';
import { lookAtRoot, mountsAround } from './root-identity.ts';

const POLL_MS = 500;

export class RootGuard {
  readonly #root: string;
  readonly #onLost: (reason: string) => void;
  #identity: DirIdentity | null = null;
  #lost = false;
  #mounts = '';

  /** @param root absolute byte path */
  constructor(root: string, onLost: (reason: string) => void) {
    this.#root = root;
    this.#onLost = onLost;
  }

  /**
   * Resolves when the root is there; as it is then, it must stay.
   * @param expected and @param marks as for lookAtRoot
   */
  async appears(expected: DirIdentity | null, marks: readonly string[]): Promise<DirIdentity> {
    let told = '';
    for (;;) {
      const state = lookAtRoot(this.#root, expected, marks);
      if (state.kind === 'present') {
        this.#identity = state.identity;
        this.#mounts = mountsAround(this.#root);
        return state.identity;
      }
      if (state.reason !== told) this.#onLost(state.reason);
      told = state.reason;
      await wait(POLL_MS);
    }
  }

  /** False, for good, from the first time that the directory at the root's path is not the one that is watched. */
  readonly isPresent = (): boolean => {
    if (this.#lost || this.#identity === null) return false;
    const state = lookAtRoot(this.#root, this.#identity, []);
    if (state.kind === 'present') return true;
    this.#lost = true;
    this.#onLost(state.reason);
    return false;
  };

  /** True when something was mounted or unmounted at, above or below the root since the last call. */
  mountsChanged(): boolean {
    const before = this.#mounts;
    this.#mounts = mountsAround(this.#root);
    return this.#mounts !== before;
  }
}
