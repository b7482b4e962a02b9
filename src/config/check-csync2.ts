/** What csync2 cannot do, or its csync2.cfg cannot say. */
import type { CheckContext } from './check.ts';
import { csync2Options } from './csync2-options.ts';
import { rootName } from './csync2/names.ts';
import { translateSelection } from './csync2/selection.ts';
import { translateTrigger } from './csync2/trigger.ts';
import { entryOf } from './hosts.ts';
import type { GroupSection, MappingSection } from './schema.ts';
import { showPath, type TreePath } from './tree.ts';

export function checkCsync2(context: CheckContext, name: string, group: GroupSection): void {
  const path = ['groups', name];
  // What is in it is csync2's own.
  if (group.csync2?.config_file !== undefined) return;
  if (group.auto === 'keep-both') {
    const message = `groups.${name}.auto: csync2 has no keep-both`;
    context.fault([...path, 'auto'], message, 'choose another policy, or backend: engine');
  }
  const configName = group.csync2?.config_name;
  if (configName !== undefined && !/^[a-z0-9]+$/.test(configName)) {
    const at = [...path, 'csync2', 'config_name'];
    context.fault(at, `${showPath(at)}: csync2 takes only a-z and 0-9 in the name of a config`);
  }
  for (const [index, host] of group.hosts.entries()) {
    if (entryOf(host).port === undefined) continue;
    const at = [...path, 'hosts', index, 'port'];
    const message = `${showPath(at)}: csync2 has one port for all hosts of a group`;
    context.fault(at, message, 'set it as csync2: { port: … } of the group');
  }
  checkOwners(context, path, group);
  checkQuotes(context, path, name, group);
  for (const [key, mapping] of Object.entries(group.mappings)) {
    checkSelection(context, [...path, 'mappings', key], key, mapping);
  }
  for (const [index, { pattern }] of group.actions.entries()) {
    const translated = translateTrigger(pattern, '/');
    if (translated.ok) continue;
    const at = [...path, 'actions', index, 'pattern', translated.at];
    const text = JSON.stringify(pattern[translated.at]);
    context.fault(at, `${showPath(at)}: the pattern ${text} ${translated.problem}`, translated.hint);
  }
}

function checkOwners(context: CheckContext, path: TreePath, group: GroupSection): void {
  const mappings = Object.entries(group.mappings);
  const ignoring = mappings.find(([, mapping]) => mapping.owner === 'ignore');
  if (ignoring === undefined || mappings.every(([, mapping]) => mapping.owner === 'ignore')) return;
  const at = [...path, 'mappings', ignoring[0], 'owner'];
  const message = `${showPath(at)}: csync2 ignores owners in all mappings of a group or in none`;
  context.fault(at, message, 'set owner: ignore in all of them or in none, or make two groups');
}

/** csync2.cfg has no way to write a double quote. */
function checkQuotes(context: CheckContext, path: TreePath, name: string, group: GroupSection): void {
  const { databaseDir } = csync2Options(context.file, name, group);
  const ownDir =
    group.csync2?.database_dir === undefined ? ['state_dir'] : [...path, 'csync2', 'database_dir'];
  const written: [TreePath, string][] = [
    [[...path, 'key_file'], group.key_file],
    [ownDir, databaseDir],
  ];
  for (const [key, mapping] of Object.entries(group.mappings)) {
    const of = [...path, 'mappings', key];
    written.push([[...of, 'path'], mapping.path]);
    for (const [host, dir] of Object.entries(mapping.paths)) written.push([[...of, 'paths', host], dir]);
  }
  for (const [at, text] of written) {
    if (!text.includes('"')) continue;
    context.fault(at, `${showPath(at)}: csync2.cfg cannot hold a path with a double quote`, 'rename it');
  }
}

/** A refusal names one pattern: what else is wrong shows without it. */
function checkSelection(context: CheckContext, path: TreePath, name: string, mapping: MappingSection): void {
  const left = { include: [...mapping.include.entries()], exclude: [...mapping.exclude.entries()] };
  const texts = (list: 'include' | 'exclude'): string[] => left[list].map(([, text]) => text);
  for (;;) {
    const rules = { include: texts('include'), exclude: texts('exclude') };
    const translated = translateSelection(rules, rootName({ ...mapping, name }));
    if (translated.ok) return;
    const [[index, text] = [0, '']] = left[translated.list].splice(translated.at, 1);
    const at = [...path, translated.list, index];
    const message = `${showPath(at)}: the pattern ${JSON.stringify(text)} ${translated.problem}`;
    context.fault(at, message, translated.hint);
  }
}
