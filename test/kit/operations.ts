/** A daemon's answers without a daemon: what the control socket offers, canned; tests overwrite what they need. */
import type { AuditEvent } from '../../src/backends/backend.ts';
import type { AuditTrail, Operations } from '../../src/control/operations.ts';
import type { StatusReport } from '../../src/orchestrator/answers.ts';

export const canned: StatusReport = {
  node: 'web1',
  version: '1.2.3',
  state: 'ok',
  started_at: '2026-05-01T10:00:00.000Z',
  lacks: [],
  groups: {
    web: {
      backend: 'engine',
      mappings: {
        shared: {
          path: '/var/www/shared',
          state: 'ok',
          reason: null,
          files: 12_345,
          bytes: 3_500_000,
          pending: 0,
          conflicts: 0,
          hot_files: 0,
          last_scan: '2026-05-01T11:58:00.000Z',
          watcher: {
            directories: 10,
            limit: 100,
            overflows: 0,
            mode: 'events',
            host_restarts: 0,
            sweep_hits: 0,
          },
          errors: [],
        },
      },
      peers: {
        web2: {
          state: 'ok',
          role: 'full',
          lag_seconds: 0,
          pending_files: 0,
          pending_bytes: 0,
          last_seen: '2026-05-01T11:59:59.000Z',
          last_error: null,
          remedy: null,
          clock_skew_ms: 3,
          config_match: true,
        },
        web3: {
          state: 'down',
          role: 'receive',
          lag_seconds: 90,
          pending_files: 3,
          pending_bytes: 4096,
          last_seen: null,
          last_error: 'connect ECONNREFUSED 10.0.0.3:30865',
          remedy: null,
          clock_skew_ms: null,
          config_match: null,
        },
      },
    },
  },
};

export class FakeTrail implements AuditTrail {
  readonly past: AuditEvent[] = [];
  readonly #listeners = new Set<(event: AuditEvent) => void>();

  since(time: number, limit: number): readonly AuditEvent[] {
    return this.past.filter((event) => event.time >= time).slice(-limit);
  }

  subscribe(listener: (event: AuditEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get followers(): number {
    return this.#listeners.size;
  }

  happens(event: AuditEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

export const eventAt = (time: number, path: string): AuditEvent => ({
  time,
  group: 'web',
  mapping: 'shared',
  path,
  what: 'changed',
  node: 'web2',
  result: 'applied',
});

type Mappings = Operations['mappings'];

/** @param change what this test's daemon answers otherwise */
export function fakeOperations(
  change: {
    mappings?: Partial<Mappings>;
    reload?: Operations['reload'];
    peers?: Partial<Operations['peers']>;
  } = {},
): Operations & { readonly trail: FakeTrail } {
  return {
    trail: new FakeTrail(),
    reload: change.reload ?? (() => Promise.resolve({ changes: [], warnings: [] })),
    peers: {
      list: () => ({ self: { node: 'web1', fingerprint: 'AA:BB' }, peers: [] }),
      forget: () => Promise.resolve(),
      ...change.peers,
    },
    mappings: {
      status: () => canned,
      sync: () => Promise.resolve({ complete: true, changed: 0, failed: [], waiting: [] }),
      verify: () => Promise.resolve({ equal: true, compared: true, mappings: {} }),
      conflicts: () => Promise.resolve([]),
      resolve: () => Promise.resolve(),
      backups: () => Promise.resolve([]),
      restore: () => Promise.resolve(),
      pause: () => {},
      decide: () => Promise.resolve({ root: false, held: null }),
      revert: () => Promise.resolve({ reverted: 0 }),
      explain: () => Promise.reject(new Error('not canned')),
      ...change.mappings,
    },
  };
}
