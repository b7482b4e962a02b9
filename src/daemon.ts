/** The daemon, `csyncd run`: puts the parts together, hears signals, ends in order. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Backend, FailureListener } from './backends/backend.ts';
import { errorText, type Io } from './cli/context.ts';
import { EXIT, exitCodeOf, type ExitCode } from './cli/exit.ts';
import { renderFault } from './config/fault.ts';
import { loadConfig } from './config/load.ts';
import type { Config, Group } from './config/model.ts';
import { createMetrics } from './control/metrics.ts';
import type { AuditTrail, PeerOperations } from './control/operations.ts';
import { openControl, openMetrics, type Door } from './control/server.ts';
import { ServiceNotifier } from './control/service.ts';
import { systemClock } from './util/clock.ts';
import type { Failure } from './orchestrator/failures.ts';
import { MappingOperations } from './orchestrator/operations/operations.ts';
import { Orchestrator } from './orchestrator/orchestrator.ts';
import { Reloader } from './reload.ts';
import { lockFile, type FileLock } from './sys/lock.ts';
import { lacksHere, NATIVE_REMEDY, type Lack } from './sys/lacks.ts';
import { loadLibc } from './sys/libc.ts';
import { sdNotify, watchdogMs } from './sys/notify.ts';
import { CsyncdError } from './util/errors.ts';
import { createLog, type Log, type Logger } from './util/log.ts';
import { version } from './util/version.ts';
import { createBatcher } from './watch/batcher.ts';
import type { Watcher, WatcherOptions } from './watch/watcher.ts';

/** What moves the files: all groups of this node share one store, one network, one pool of disk workers. */
export interface NodeBackends {
  readonly trail: AuditTrail;
  readonly peers: PeerOperations;
  /** A group's backend, not started. */
  open(group: Group, onFailure: FailureListener): Promise<Backend>;
  /** Each open backend serves its group as it stands in this config from now on; keys are read again. */
  reconfigure(config: Config): Promise<void>;
  /** After every backend has stopped. */
  stop(): Promise<void>;
}

export interface DaemonParts {
  readonly createBackends: (options: { config: Config; log: Logger }) => Promise<NodeBackends>;
  readonly createWatcher: (options: WatcherOptions) => Watcher;
}

/** Of the 10 s that a stop may take, what the drain gets. */
const DRAIN_MS = 9_000;

/** Resolves when it has stopped, to the exit code; 78 for a bad config. */
export async function runDaemon(file: string, io: Io, parts: DaemonParts): Promise<ExitCode> {
  const loaded = loadConfig(file);
  if (!loaded.ok) {
    for (const fault of loaded.faults) io.err(`${renderFault(fault)}\n`);
    return EXIT.config;
  }
  const { config, warnings } = loaded;
  const log = await createLog(config.log);
  for (const warning of warnings) log.logger.warn(renderFault(warning));
  const lacks = lacksHere();
  for (const { message, remedy } of lacks) log.logger.warn({ hint: remedy }, message);
  let lock: FileLock | null = null;
  try {
    mustReachSystemd();
    lock = lockState(config);
    return await serve({ file, config, log, lacks, parts });
  } catch (error) {
    io.err(errorText(error));
    log.logger.debug({ err: error }, 'the daemon did not start');
    return exitCodeOf(error);
  } finally {
    lock?.release();
  }
}

/** A service that systemd waits for (Type=notify) and that cannot tell it anything would be killed after minutes. */
function mustReachSystemd(): void {
  const libc = loadLibc();
  if (libc.ok || sdNotify('STATUS=starting', process.env, libc).kind === 'off') return;
  throw new CsyncdError('no-native-module', `systemd cannot be told that csyncd is ready: ${libc.reason}`, {
    hint: NATIVE_REMEDY,
  });
}

function lockState({ stateDir }: Config): FileLock {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    return lockFile(join(stateDir, 'daemon.lock'));
  } catch (error) {
    if (error instanceof CsyncdError) throw error;
    throw new CsyncdError(
      'state-dir',
      `cannot use the state directory ${stateDir}: ${(error as Error).message}`,
      {
        hint: 'let csyncd write it, or set state_dir',
        cause: error,
      },
    );
  }
}

interface Serving {
  readonly file: string;
  readonly config: Config;
  readonly log: Log;
  readonly lacks: readonly Lack[];
  readonly parts: DaemonParts;
}

async function serve({ file, config, log, lacks, parts }: Serving): Promise<ExitCode> {
  const { logger } = log;
  const ended = Promise.withResolvers<Failure | 'stopped'>();
  const backends = await parts.createBackends({ config, log: logger });
  const orchestrator = new Orchestrator(
    {
      openBackend: (group, onFailure) => backends.open(group, onFailure),
      reconfigureBackends: (config) => backends.reconfigure(config),
      createWatcher: parts.createWatcher,
      createBatcher: (options) => createBatcher(options),
      clock: systemClock,
      log: logger,
      onFatal: ended.resolve,
    },
    config,
  );
  const mappings = new MappingOperations(orchestrator, { version: version(), startedAt: Date.now(), lacks });
  const service = new ServiceNotifier({
    notify: (state) => tellSystemd(state, logger),
    watchdogMs: watchdogMs(),
    statusLine: () => statusLine(mappings),
  });
  const reloader = new Reloader({ file, orchestrator, log, service });
  const doors: Door[] = [];
  const hangUp = (): void => reloader.reloadOnSignal();
  const end = (): void => ended.resolve('stopped');
  process.on('SIGHUP', hangUp).on('SIGTERM', end).on('SIGINT', end);
  try {
    const operations = {
      mappings,
      trail: backends.trail,
      peers: backends.peers,
      reload: () => reloader.reload(),
    };
    doors.push(await openControl({ socket: config.controlSocket, operations, log: logger }));
    if (config.metrics !== null) doors.push(await openMetricsDoor(config.metrics, mappings, backends.trail));
    orchestrator.start();
    void orchestrator.placed().then(() => service.ready());
    logger.info({ node: config.node, version: version() }, 'started');
    const reason = await ended.promise;
    if (reason !== 'stopped')
      logger.fatal({ code: reason.reason.code, hint: reason.reason.hint }, reason.reason.message);
    return reason === 'stopped' ? EXIT.ok : EXIT.failed;
  } finally {
    service.stopping();
    await drain({ orchestrator, backends, doors, logger });
    process.off('SIGHUP', hangUp).off('SIGTERM', end).off('SIGINT', end);
  }
}

async function openMetricsDoor(
  address: NonNullable<Config['metrics']>,
  mappings: MappingOperations,
  trail: AuditTrail,
): Promise<Door> {
  const metrics = createMetrics(() => mappings.status(), trail);
  return openMetrics({ address, metrics, status: () => mappings.status() });
}

interface Draining {
  readonly orchestrator: Orchestrator;
  readonly backends: NodeBackends;
  readonly doors: readonly Door[];
  readonly logger: Logger;
}

/** Finishes what is being applied. What takes longer is cut off: the state survives a kill at any point. */
async function drain({ orchestrator, backends, doors, logger }: Draining): Promise<void> {
  const work = (async () => {
    await Promise.all(doors.map((door) => door.close()));
    await orchestrator.stop();
    await backends.stop();
    return true;
  })();
  const inTime = await Promise.race([work, delay(DRAIN_MS, false, { ref: false })]);
  if (inTime) logger.info('stopped');
  else logger.warn('stopped before everything was finished; the next start goes on from here');
}

function statusLine(mappings: MappingOperations): string {
  const { state, groups } = mappings.status();
  const all = Object.values(groups).flatMap((group) => Object.values(group.mappings));
  const peers = Object.values(groups).flatMap((group) => Object.values(group.peers));
  const live = all.filter((mapping) => mapping.state === 'ok').length;
  const reached = peers.filter((peer) => peer.state === 'ok').length;
  return `${state}: ${live} of ${all.length} mappings live, ${reached} of ${peers.length} peers reached`;
}

function tellSystemd(state: string, logger: Logger): void {
  const result = sdNotify(state);
  if (result.kind !== 'failed') return;
  // It is told again soon, unless it cannot be told at all: then it ends a daemon that is well.
  const isPassing = result.error.code === 'EAGAIN';
  logger[isPassing ? 'debug' : 'warn'](`systemd was not told: ${result.error.message}`);
}
