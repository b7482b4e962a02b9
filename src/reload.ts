/** A reload: reads the config again and applies what differs, or refuses it loudly while the old one stays in force. */
import { diffConfig, type ConfigDiff, type GroupDiff } from './config/diff.ts';
import { renderFault } from './config/fault.ts';
import { loadConfig } from './config/load.ts';
import type { ServiceNotifier } from './control/service.ts';
import type { ReloadAnswer } from './orchestrator/answers.ts';
import type { Orchestrator } from './orchestrator/orchestrator.ts';
import { CsyncdError, messageOf } from './util/errors.ts';
import type { Log } from './util/log.ts';

export interface ReloadParts {
  /** the main config file */
  readonly file: string;
  readonly orchestrator: Orchestrator;
  readonly log: Log;
  readonly service: Pick<ServiceNotifier, 'ready' | 'reloading'>;
}

export class Reloader {
  readonly #parts: ReloadParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  /** One after the other. Rejects with `config-refused` and what is wrong. */
  reload(): Promise<ReloadAnswer> {
    const next = this.#last.then(() => this.#reload());
    this.#last = next.catch(() => null);
    return next;
  }

  /** SIGHUP: nobody waits for an answer, so the log has it. */
  reloadOnSignal(): void {
    this.reload().catch(() => null);
  }

  async #reload(): Promise<ReloadAnswer> {
    const { log, service } = this.#parts;
    service.reloading();
    try {
      const answer = await this.#apply();
      log.logger.info({ changes: answer.changes }, 'the config was read again');
      return answer;
    } catch (error) {
      const hint = error instanceof CsyncdError ? (error.hint ?? undefined) : undefined;
      const why = messageOf(error).replaceAll('\n', '; ');
      log.logger.error({ hint }, `the config was refused, the one before stays in force: ${why}`);
      throw error;
    } finally {
      service.ready();
    }
  }

  async #apply(): Promise<ReloadAnswer> {
    const { file, orchestrator, log } = this.#parts;
    const loaded = loadConfig(file);
    if (!loaded.ok)
      throw refused(loaded.faults.map(renderFault).join('\n'), 'mend it; csyncd config check shows the same');
    const diff = diffConfig(orchestrator.config, loaded.config);
    if (diff.restart.length > 0) {
      const keys = diff.restart.join(', ');
      throw refused(`what differs in ${keys} takes effect at a start only`, 'systemctl restart csyncd');
    }
    await orchestrator.reload(loaded.config).catch((error: unknown) => {
      throw refused(messageOf(error), error instanceof CsyncdError ? (error.hint ?? undefined) : undefined);
    });
    log.setLevel(loaded.config.log.level);
    const idle = [...orchestrator.groups.values()].flatMap(({ group, failure }) =>
      failure === null
        ? []
        : [`group ${group.name} does not run: ${failure.reason.message}; ${failure.reason.hint}`],
    );
    return { changes: changeLines(diff), warnings: [...loaded.warnings.map(renderFault), ...idle] };
  }
}

function refused(message: string, hint: string | undefined): CsyncdError {
  return new CsyncdError('config-refused', message, hint === undefined ? {} : { hint });
}

function changeLines({ log, limits, groups }: ConfigDiff): string[] {
  return [
    ...(log ? ['log level'] : []),
    ...(limits ? ['limits'] : []),
    ...groups.added.map(({ name }) => `group ${name} added`),
    ...groups.removed.map(({ name }) => `group ${name} removed`),
    ...groups.changed.flatMap(groupLines),
  ];
}

function groupLines({ after, fields, hosts, reordered, mappings }: GroupDiff): string[] {
  const lines = [
    ...(fields.length === 0 ? [] : [fields.join(', ')]),
    ...(reordered ? ['order of the hosts'] : []),
  ];
  for (const [what, changes] of [['host', hosts] as const, ['mapping', mappings] as const]) {
    lines.push(
      ...changes.added.map(({ name }) => `${what} ${name} added`),
      ...changes.removed.map(({ name }) => `${what} ${name} removed`),
      ...changes.changed.map(({ after, fields }) => `${what} ${after.name}: ${fields.join(', ')}`),
    );
  }
  return lines.map((line) => `group ${after.name}: ${line}`);
}
