/** Stand-ins for what the orchestrator drives: a clock that stands still, a watcher and a backend that do as they are told. */
import type {
  Backend,
  Batch,
  DirtyPath,
  HoldReason,
  LookResult,
  VerifyResult,
  WaitResult,
} from '../../src/backends/backend.ts';
import type { Config, Group, Mapping } from '../../src/config/model.ts';
import type { Clock } from '../../src/util/clock.ts';
import type { Batcher, BatcherOptions } from '../../src/watch/batcher.ts';
import type { Watcher, WatcherEvent, WatcherOptions, WatcherStatus } from '../../src/watch/watcher.ts';

export class FakeClock implements Clock {
  #now = 1_000_000;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on, calling what comes due in order, and lets what that started go on. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await rest();
    }
    this.#now = end;
    await rest();
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}

export class FakeWatcher implements Watcher {
  readonly options: WatcherOptions;
  started = false;
  stopped = false;

  constructor(options: WatcherOptions) {
    this.options = options;
  }

  start(): void {
    this.started = true;
  }

  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }

  status(): WatcherStatus {
    return { directories: 3, limit: 100, overflows: 1, mode: 'events', host_restarts: 2, sweep_hits: 4 };
  }

  async says(...events: WatcherEvent[]): Promise<void> {
    for (const event of events) this.options.onEvent(event);
    await rest();
  }

  hints(...paths: string[]): Promise<void> {
    return this.says({ kind: 'hints', hints: paths.map((path) => ({ path, scope: 'entry' })) });
  }
}

/** Every hint is a batch at once. */
export function immediateBatcher({ onBatch }: BatcherOptions): Batcher {
  return { add: (hints) => onBatch(hints, 0), clear: () => {} };
}

export const nothingFound: LookResult = { changed: 0, again: [], held: null };

/** Notes what it is asked to do in `calls`; what it finds is set by the test. */
export class FakeBackend implements Backend {
  readonly kind = 'engine';
  readonly group: string;
  readonly #attached = new Set<string>();
  readonly calls: string[] = [];
  /** mappings that an earlier run left paused */
  readonly paused = new Set<string>();
  readonly batches: Batch[] = [];
  readonly signals: AbortSignal[] = [];
  onAttach: () => Promise<void> = () => Promise.resolve();
  onReconcile: () => LookResult | Promise<LookResult> = () => nothingFound;
  onTake: (batch: Batch) => LookResult | Promise<LookResult> = () => nothingFound;
  onSettled: (signal: AbortSignal) => Promise<WaitResult> = () =>
    Promise.resolve({ complete: true, waiting: [] });
  onVerify: () => VerifyResult = () => ({
    compared: true,
    unreachable: [],
    equal: true,
    files: 7,
    nodes: ['web1', 'web2'],
    differences: [],
  });
  onStart: () => Promise<void> = () => Promise.resolve();

  constructor(group: string) {
    this.group = group;
  }

  async start(): Promise<void> {
    this.calls.push('start');
    await this.onStart();
  }

  stop(): Promise<void> {
    this.calls.push('stop');
    return Promise.resolve();
  }

  async attach(mapping: string): Promise<void> {
    if (this.#attached.has(mapping)) return;
    this.calls.push(`attach ${mapping}`);
    await this.onAttach();
    this.#attached.add(mapping);
  }

  detach(mapping: string, reason: HoldReason): void {
    this.#attached.delete(mapping);
    this.calls.push(`detach ${mapping} (${reason.code})`);
  }

  takeRoot(mapping: string): Promise<void> {
    this.calls.push(`take root ${mapping}`);
    return Promise.resolve();
  }

  async take(batch: Batch, signal: AbortSignal): Promise<LookResult> {
    this.calls.push(`take ${batch.mapping}: ${shownPaths(batch.paths)}`);
    this.batches.push(batch);
    this.signals.push(signal);
    return this.onTake(batch);
  }

  async reconcile(mapping: string, signal: AbortSignal): Promise<LookResult> {
    this.calls.push(`reconcile ${mapping}`);
    this.signals.push(signal);
    return this.onReconcile();
  }

  settled(mapping: string | null, paths: readonly string[] | null, signal: AbortSignal): Promise<WaitResult> {
    this.calls.push(`settled ${mapping ?? '*'} ${paths?.join(',') ?? '*'}`);
    return this.onSettled(signal);
  }

  verify(mapping: string, { deep }: { deep: boolean }): Promise<VerifyResult> {
    this.calls.push(`verify ${mapping}${deep ? ' deep' : ''}`);
    return Promise.resolve(this.onVerify());
  }

  status() {
    return {
      mappings: {
        shared: { files: 10, bytes: 2_048, pending: 0, conflicts: 0, hot_files: 0, errors: [] },
      },
      peers: {
        web2: {
          state: 'ok',
          role: 'full',
          lag_seconds: 0,
          pending_files: 0,
          pending_bytes: 0,
          last_seen: null,
          last_error: null,
          remedy: null,
          clock_skew_ms: 3,
          config_match: true,
        },
      },
    } as const;
  }

  pausePeer(peer: string, mapping: string, paused: boolean): void {
    this.calls.push(`${paused ? 'pause' : 'resume'} ${mapping} for ${peer}`);
  }

  isPaused(mapping: string): boolean {
    return this.paused.has(mapping);
  }

  pauseMapping(mapping: string, paused: boolean): void {
    this.calls.push(`${paused ? 'pause' : 'resume'} ${mapping}`);
  }

  decide(mapping: string, decision: 'approve' | 'reject'): Promise<void> {
    this.calls.push(`${decision} ${mapping}`);
    return Promise.resolve();
  }

  revert(mapping: string): Promise<{ readonly reverted: number }> {
    this.calls.push(`revert ${mapping}`);
    return Promise.resolve({ reverted: 2 });
  }

  conflicts() {
    return Promise.resolve([]);
  }

  resolve(mapping: string, path: string, keep: string): Promise<void> {
    this.calls.push(`resolve ${mapping}:${path} ${keep}`);
    return Promise.resolve();
  }

  backups(mapping: string | null, path: string | null) {
    this.calls.push(`backups ${mapping ?? '*'}:${path ?? '*'}`);
    return Promise.resolve([]);
  }

  restore(mapping: string, path: string, version: string): Promise<void> {
    this.calls.push(`restore ${mapping}:${path} ${version}`);
    return Promise.resolve();
  }

  explain() {
    return Promise.resolve({ state: 'ok', versions: [], applied: null, problem: null });
  }
}

function shownPaths(paths: readonly DirtyPath[]): string {
  return paths.map(({ path, scope }) => (scope === 'entry' ? path : `${path} (${scope})`)).join(' ');
}

export const mappingNamed = (name: string, change: Partial<Mapping> = {}): Mapping => ({
  name,
  path: `/srv/${name}`,
  paths: {},
  exclude: [],
  include: [],
  delayMs: 100,
  maxDelayMs: 2_000,
  rescanMs: 3_600_000,
  durability: 'strict',
  owner: 'name',
  maxDeletePercent: 50,
  ...change,
});

export const groupNamed = (name: string, change: Partial<Group> = {}): Group => ({
  name,
  keyFile: `/etc/csyncd/keys/${name}.key`,
  hosts: ['web1', 'web2'].map((host) => ({ name: host, address: host, port: 30_865, role: 'full' })),
  role: 'full',
  backend: 'engine',
  auto: 'younger',
  backup: { generations: 3, keepMs: 1 },
  mappings: [mappingNamed('shared')],
  actions: [],
  csync2: null,
  ...change,
});

export const configWith = (groups: readonly Group[], change: Partial<Config> = {}): Config => ({
  node: 'web1',
  listen: { host: '0.0.0.0', port: 30_865 },
  stateDir: '/var/lib/csyncd',
  controlSocket: '/run/csyncd/control.sock',
  metrics: null,
  log: { level: 'info', format: 'auto' },
  limits: { sendRate: 0, receiveRate: 0 },
  tls: null,
  groups,
  files: [],
  ...change,
});
