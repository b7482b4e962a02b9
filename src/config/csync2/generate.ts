/** csync2.cfg of a group as this node needs it, from templates/csync2.cfg. */
import { readFileSync } from 'node:fs';
import { textToBytes } from '../../util/bytes.ts';
import { CsyncdError } from '../../util/errors.ts';
import type { Action, Group, Mapping } from '../model.ts';
import { actionCommand } from './action-command.ts';
import { blockName, csync2HostName, databaseFile, hasPrefix, rootName } from './names.ts';
import { quoted } from './path-pattern.ts';
import { translateSelection } from './selection.ts';
import { fillIn, type Values } from './template.ts';
import { translateTrigger } from './trigger.ts';

export interface GenerateOptions {
  /** this node's name */
  readonly node: string;
  /** the program that actions call: programPath() */
  readonly csyncd: string;
  /** names of mappings that csync2 is not to know of now: what peers send for them stays with the peers */
  readonly leaveOut?: ReadonlySet<string>;
}

/**
 * The whole file, a byte string (latin1). The config's check has made sure that it can be written: throws a CsyncdError
 * `csync2-config` otherwise.
 */
export function generateCsync2Config(group: Group, options: GenerateOptions): string {
  const { csync2 } = group;
  if (csync2 === null) throw new CsyncdError('csync2-config', `group ${group.name} has backend: engine`);
  const mappings = group.mappings.filter((mapping) => options.leaveOut?.has(mapping.name) !== true);
  const values = {
    group: group.name,
    node: options.node,
    nossl: when(csync2.noSsl),
    ignore: when(mappings.some((mapping) => mapping.owner === 'ignore')),
    lock_timeout: String(Math.ceil(csync2.lockTimeoutMs / 1000)),
    prefix: mappings
      .filter(hasPrefix)
      .map((mapping) => ({ name: mapping.name, path: quotedText(mapping.path) })),
    hosts: group.hosts.map(hostWord).join(' '),
    key: quotedText(group.keyFile),
    auto: group.auto,
    // csync2 keeps none at all below two.
    backup_generations: String(Math.max(2, group.backup.generations)),
    logfile: quotedText(`${csync2.databaseDir}/actions.log`),
    mapping: mappings.map((mapping) => ({
      block: blockName(group, mapping),
      statement: selectionOf(mapping),
      backup_directory: quotedText(`${mapping.path}/.csyncd/csync2-backup`),
      action: group.actions.map((action) => actionOf(action, mapping, group, options)),
    })),
  };
  return fillIn(template(), values);
}

/** What templates/csync2.cfg says is text; what is filled in, bytes. */
function template(): string {
  return readFileSync(new URL('../../../templates/csync2.cfg', import.meta.url), 'latin1');
}

function hostWord(host: Group['hosts'][number]): string {
  const name = quoted(csync2HostName(host));
  return host.role === 'receive' ? `(${name})` : name;
}

function selectionOf(mapping: Mapping): Values[] {
  const translated = translateSelection(mapping, rootName(mapping));
  if (!translated.ok) throw unsayable(`${translated.list} of ${mapping.name}`, translated);
  return translated.statements.map(({ kind, pattern }) => ({ kind, pattern: quoted(pattern) }));
}

function actionOf(action: Action, mapping: Mapping, group: Group, options: GenerateOptions): Values {
  const translated = translateTrigger(action.pattern, rootName(mapping));
  if (!translated.ok) throw unsayable(`the action ${action.name}`, translated);
  // The same words in every block: csync2 runs each command once.
  const prefixes = new Map(
    group.mappings.filter(hasPrefix).map(({ name, path }) => [name, textToBytes(path)]),
  );
  const call = {
    database: textToBytes(databaseFile(group, options.node)),
    timeoutMs: action.timeoutMs,
    prefixes,
    exec: action.exec.map(textToBytes),
  };
  return {
    name: action.name,
    patterns: translated.patterns.map(quoted).join(' '),
    command: quoted(actionCommand(textToBytes(options.csyncd), call)),
    do: DO[action.where],
  };
}

/** csync2 runs an action where changes arrive, unless told otherwise. */
const DO: Readonly<Record<Action['where'], Values[]>> = {
  receiver: [],
  origin: [{ where: 'do-local-only' }],
  everywhere: [{ where: 'do-local' }],
};

function when(condition: boolean): Values[] {
  return condition ? [{}] : [];
}

function quotedText(text: string): string {
  return quoted(textToBytes(text));
}

function unsayable(where: string, { problem, hint }: { problem: string; hint: string }): CsyncdError {
  return new CsyncdError('csync2-config', `a pattern in ${where} ${problem}`, { hint });
}
