/**
 * The watcher layer's face: it says where to look and how much its word is worth, never what happened. It may say too
 * much, twice or late; what it must not do is stay silent about a lasting change for longer than its sweep period, or
 * speak of a directory as empty that it can no longer see. `createWatcher` in supervisor.ts makes one.
 */
import type { Hint } from './hint.ts';

export type { Hint } from './hint.ts';

export type WatcherEvent =
  | { readonly kind: 'hints'; readonly hints: readonly Hint[] }
  /**
   * Everything below the root is watched: a full scan that starts now misses nothing. Comes again after each restart.
   * Ends earlier `degraded`s; those that still hold are repeated after it.
   */
  | { readonly kind: 'covered' }
  /** Events may have been lost (overflow, late canary, new host, clock jump): scan fully. */
  | { readonly kind: 'suspicion'; readonly reason: string }
  /**
   * The root is missing, was replaced, unmounted or mounted over: judge nothing as deleted. A directory that appears at
   * its path is taken for the root again when it is the same one, or has one of the `hidden` directories in it; any
   * directory will do for a watcher that is newly started.
   */
  | { readonly kind: 'root-lost'; readonly reason: string }
  /** Followed by `covered`. */
  | { readonly kind: 'root-back' }
  /** Works, but not fully: too few inotify watches, an unsuitable file system (scan only) … */
  | { readonly kind: 'degraded'; readonly code: string; readonly message: string; readonly hint: string };

export interface WatcherStatus {
  readonly directories: number;
  /** fs.inotify.max_user_watches; null when it cannot be read */
  readonly limit: number | null;
  readonly overflows: number;
  readonly mode: 'events' | 'scan-only' | 'off';
  readonly host_restarts: number;
  readonly sweep_hits: number;
}

export interface Watcher {
  /** Starts watching; never rejects for a missing root: that is an event. */
  start(): void;
  stop(): Promise<void>;
  status(): WatcherStatus;
}

export interface WatcherOptions {
  /** absolute, a byte string */
  readonly root: string;
  /** directory names directly below the root that are never watched nor reported (`.csyncd`) */
  readonly hidden: readonly string[];
  /** the mapping's rules (util/selection.ts): an excluded directory is neither watched nor entered */
  readonly selection: { readonly exclude: readonly string[]; readonly include: readonly string[] };
  readonly onEvent: (event: WatcherEvent) => void;
  /** ms between directory sweeps; default 15 s */
  readonly sweepMs?: number;
}
