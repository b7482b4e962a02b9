/** An import as the text of a csyncd.yaml, with a comment for everything that was remarked. */
import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Draft, DraftAction, DraftGroup, DraftMapping, Remark } from './draft.ts';

/** All remarks of an assembled draft, in the order of its text. */
export function remarksOf({ groups, remarks }: Draft): Remark[] {
  const ofGroups = groups.flatMap((group) => [
    ...group.remarks,
    ...[...group.mappings, ...group.actions].flatMap((part) => part.remarks),
  ]);
  return unique([...remarks, ...ofGroups]);
}

/** @param sources the files that it comes from */
export function writeDraft(draft: Draft, sources: readonly string[]): string {
  const document = new Document(plainConfig(draft), { aliasDuplicateObjects: false });
  document.commentBefore = comment([
    `Imported from ${sources.join(', ')}: the same file serves all nodes.`,
    'What is said below with a file and a line has no counterpart or differs: read it, then delete it.',
    'Check with `csyncd config check`, with --strict on a node itself.',
    ...lines(draft.remarks),
  ]);
  for (const group of draft.groups) {
    const path = ['groups', group.name];
    annotate(document, path, [...lines(group.remarks), ...group.comments]);
    annotate(
      document,
      [...path, 'backend'],
      [
        'engine: csyncd does it all. csync2: csyncd watches and csync2 still moves the files, as a first step',
      ],
    );
    for (const mapping of group.mappings)
      annotate(
        document,
        [...path, 'mappings', mapping.name],
        [...lines(mapping.remarks), ...mapping.comments],
      );
    for (const [at, action] of group.actions.entries()) {
      const node = document.getIn([...path, 'actions', at], true);
      if (isMap(node) && action.remarks.length > 0) node.commentBefore = comment(lines(action.remarks));
    }
    flow(document, [...path, 'hosts']);
    flow(document, [...path, 'backup']);
    for (const { name } of group.mappings) flow(document, [...path, 'mappings', name, 'paths']);
  }
  return document.toString({ lineWidth: 0 });
}

/** The same without comments. */
export function plainConfig({ groups }: Draft): Record<string, unknown> {
  return { groups: Object.fromEntries(groups.map((group) => [group.name, plainGroup(group)])) };
}

function plainGroup(group: DraftGroup): Record<string, unknown> {
  return {
    key_file: group.keyFile,
    hosts: group.hosts.map(({ name, address, role }) =>
      address === null && role === 'full'
        ? name
        : { name, ...(address === null ? {} : { address }), ...(role === 'full' ? {} : { role }) },
    ),
    backend: 'engine',
    ...(group.auto === null ? {} : { auto: group.auto }),
    ...(group.backupGenerations === null ? {} : { backup: { generations: group.backupGenerations } }),
    mappings: Object.fromEntries(group.mappings.map((mapping) => [mapping.name, plainMapping(mapping)])),
    ...(group.actions.length === 0 ? {} : { actions: group.actions.map(plainAction) }),
  };
}

function plainMapping(mapping: DraftMapping): Record<string, unknown> {
  const { path, paths, exclude, include, maxDelay, ignoresOwner } = mapping;
  return {
    path,
    ...(Object.keys(paths).length === 0 ? {} : { paths }),
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(include.length === 0 ? {} : { include }),
    ...(maxDelay === null ? {} : { max_delay: maxDelay }),
    ...(ignoresOwner ? { owner: 'ignore' } : {}),
  };
}

function plainAction({ name, pattern, exec, where }: DraftAction): Record<string, unknown> {
  return { name, pattern, exec, ...(where === 'receiver' ? {} : { where }) };
}

/** Puts a comment in front of a key. */
function annotate(document: Document, path: readonly (string | number)[], texts: readonly string[]): void {
  const parent = document.getIn(path.slice(0, -1), true);
  if (texts.length === 0 || !isMap(parent)) return;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  if (isScalar(pair?.key)) pair.key.commentBefore = comment(texts);
}

/** Writes lists and maps of single values on one line each. */
function flow(document: Document, path: readonly string[]): void {
  const node = document.getIn(path, true) as Node | undefined;
  if (isMap(node)) node.flow = true;
  else if (isSeq(node)) for (const item of node.items) if (isMap(item)) item.flow = true;
}

function lines(remarks: readonly Remark[]): string[] {
  return unique(remarks).map(
    ({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`,
  );
}

function unique(remarks: readonly Remark[]): Remark[] {
  const byText = new Map(remarks.map((remark) => [JSON.stringify(remark), remark]));
  return [...byText.values()];
}

/** Names from other configs may hold anything; a comment is one line each. */
function comment(texts: readonly string[]): string {
  // oxlint-disable-next-line no-control-regex
  const control = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/g;
  return texts.map((text) => ` ${text.replaceAll(control, '?')}`).join('\n');
}
