/** Prometheus metrics: what `status` says, read when they are asked for, and counts of the audit trail. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { MappingReport, StatusReport } from '../orchestrator/answers.ts';
import { timings } from '../util/timings.ts';
import type { AuditTrail } from './operations.ts';

export interface Metrics {
  /** The text of a scrape. */
  text(): Promise<string>;
  stop(): void;
}

const MAPPING_STATES = ['ok', 'scanning', 'held', 'paused', 'missing', 'error'] as const;
const PEER_STATES = ['ok', 'connecting', 'down', 'paused', 'rejected'] as const;

export function createMetrics(status: () => StatusReport, trail: AuditTrail): Metrics {
  const registry = new Registry();
  const gauges = new Gauges(registry);
  const changes = new Counter({
    name: 'csyncd_events_total',
    help: 'Lines of the audit trail by what happened.',
    labelNames: ['group', 'mapping', 'what'] as const,
    registers: [registry],
  });
  const stop = trail.subscribe(({ group, mapping, what }) => changes.inc({ group, mapping, what }));
  return {
    text() {
      gauges.set(status());
      return registry.metrics();
    },
    stop,
  };
}

/** Sets every gauge anew from a report, so that what is gone from the config is gone from the metrics. */
class Gauges {
  readonly #registry: Registry;
  readonly #gauges = new Map<string, Gauge | Counter>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  set(report: StatusReport): void {
    for (const gauge of this.#gauges.values()) gauge.reset();
    const { node, version } = report;
    this.#gauge('info', 'Always 1; the labels tell the node and its version.', { node, version }, 1);
    for (const state of ['ok', 'degraded', 'starting']) {
      this.#gauge('state', '1 for the state that the node is in.', { state }, Number(report.state === state));
    }
    this.#process();
    this.#phases();
    for (const [group, { mappings, peers }] of Object.entries(report.groups)) {
      for (const [mapping, facts] of Object.entries(mappings)) this.#mapping({ group, mapping }, facts);
      for (const [peer, facts] of Object.entries(peers)) {
        const labels = { group, peer };
        for (const state of PEER_STATES) {
          this.#gauge(
            'peer_state',
            '1 for the state that the peer is in.',
            { ...labels, state },
            Number(facts.state === state),
          );
        }
        this.#gauge(
          'peer_lag_seconds',
          'Age of the oldest change that the peer has not acknowledged.',
          labels,
          facts.lag_seconds,
        );
        this.#gauge(
          'peer_pending_files',
          'Changes that the peer has not acknowledged.',
          labels,
          facts.pending_files,
        );
        this.#gauge('peer_pending_bytes', 'Bytes of these changes.', labels, facts.pending_bytes);
        if (facts.clock_skew_ms !== null) {
          this.#gauge(
            'peer_clock_skew_seconds',
            "The peer's clock minus this one's.",
            labels,
            facts.clock_skew_ms / 1000,
          );
        }
        if (facts.config_match !== null) {
          this.#gauge(
            'peer_config_match',
            '1 when both have the same rules.',
            labels,
            Number(facts.config_match),
          );
        }
      }
    }
  }

  #mapping(labels: { group: string; mapping: string }, facts: MappingReport): void {
    for (const state of MAPPING_STATES) {
      this.#gauge(
        'mapping_state',
        '1 for the state that the mapping is in.',
        { ...labels, state },
        Number(facts.state === state),
      );
    }
    this.#gauge('mapping_files', 'Files in the mapping.', labels, facts.files);
    this.#gauge('mapping_bytes', 'Bytes in these files.', labels, facts.bytes);
    this.#gauge(
      'mapping_pending',
      'Changes from peers that are not on this disk yet.',
      labels,
      facts.pending,
    );
    this.#gauge('mapping_conflicts', 'Paths in conflict.', labels, facts.conflicts);
    this.#gauge(
      'mapping_hot_files',
      'Files that keep changing while they are read.',
      labels,
      facts.hot_files,
    );
    this.#gauge('mapping_errors', 'Paths that cannot be applied or read.', labels, facts.errors.length);
    if (facts.last_scan !== null) {
      const seconds = Date.parse(facts.last_scan) / 1000;
      this.#gauge(
        'mapping_last_scan_timestamp_seconds',
        'When the whole tree was compared last.',
        labels,
        seconds,
      );
    }
    const { watcher } = facts;
    this.#gauge('watch_directories', 'Watched directories.', labels, watcher.directories);
    if (watcher.limit !== null)
      this.#gauge('watch_limit', 'fs.inotify.max_user_watches.', labels, watcher.limit);
    this.#counter(
      'watch_overflows_total',
      'Times that events may have been lost.',
      labels,
      watcher.overflows,
    );
    this.#counter(
      'watch_host_restarts_total',
      'Restarts of the watching process.',
      labels,
      watcher.host_restarts,
    );
    this.#counter(
      'watch_sweep_hits_total',
      'Changes that the sweep found and no event told.',
      labels,
      watcher.sweep_hits,
    );
  }

  #phases(): void {
    for (const { phase, ms, runs } of timings()) {
      this.#counter('phase_seconds_total', 'Time spent by phase of a change.', { phase }, ms / 1000);
      this.#counter('phase_runs_total', 'Times that the phase was run.', { phase }, runs);
    }
  }

  #process(): void {
    const { user, system } = process.cpuUsage();
    this.#gauge('process_resident_memory_bytes', 'Memory of the daemon.', {}, process.memoryUsage.rss());
    this.#counter('process_cpu_seconds_total', 'Time on the processor.', {}, (user + system) / 1e6);
  }

  #gauge(name: string, help: string, labels: Record<string, string>, value: number): void {
    const gauge = this.#metric(Gauge, name, help, labels);
    gauge.set(labels, value);
  }

  // A count kept elsewhere: was reset before, so that adding sets it.
  #counter(name: string, help: string, labels: Record<string, string>, value: number): void {
    const counter = this.#metric(Counter, name, help, labels);
    counter.inc(labels, value);
  }

  #metric<M extends Gauge | Counter>(
    kind: new (options: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => M,
    name: string,
    help: string,
    labels: Record<string, string>,
  ): M {
    const known = this.#gauges.get(name);
    if (known instanceof kind) return known;
    const made = new kind({
      name: name.startsWith('process_') ? name : `csyncd_${name}`,
      help,
      labelNames: Object.keys(labels),
      registers: [this.#registry],
    });
    this.#gauges.set(name, made);
    return made;
  }
}
