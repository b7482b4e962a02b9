/** Mappings: their directories on every node, and times that go together. */
import { printDuration } from '../util/durations.ts';
import type { CheckContext } from './check.ts';
import { asPrefix, directoriesByNode, type Directory } from './directories.ts';
import { hostsOf } from './hosts.ts';
import type { MappingSection } from './schema.ts';
import { didYouMean } from './suggest.ts';
import { showPath, type TreePath } from './tree.ts';

export function checkMappings(context: CheckContext): void {
  for (const [name, group] of Object.entries(context.file.groups)) {
    const mappings = Object.entries(group.mappings);
    if (mappings.length === 0 && context.complete) {
      context.warn(['groups', name], `group ${name} has no mappings, so nothing is shared`);
    }
    const hosts = hostsOf(group).map((host) => host.name);
    for (const [key, mapping] of mappings) {
      checkMapping(context, ['groups', name, 'mappings', key], mapping, hosts);
    }
  }
  checkNesting(context);
  checkOwnFiles(context);
}

function checkMapping(context: CheckContext, path: TreePath, mapping: MappingSection, hosts: string[]): void {
  if (mapping.max_delay !== undefined && mapping.max_delay < mapping.delay) {
    const at = [...path, 'max_delay'];
    const message = `${showPath(at)} (${printDuration(mapping.max_delay)}) is shorter than delay (${printDuration(mapping.delay)})`;
    context.fault(at, message, 'max_delay is the longest that delay may be drawn out');
  }
  if (!context.complete) return;
  for (const host of Object.keys(mapping.paths)) {
    if (hosts.includes(host)) continue;
    const message = `${showPath([...path, 'paths'])} names ${host}, which is not a host of this group`;
    context.fault([...path, 'paths', host], message, didYouMean(host, hosts));
  }
}

/** Of every node, not only this one: the same file is on all, and the fault should show on the first. */
function checkNesting(context: CheckContext): void {
  const reported = new Set<string>();
  for (const [node, directories] of directoriesByNode(context.file)) {
    const around: Directory[] = [];
    for (const directory of directories.toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1))) {
      while (around.length > 0 && !directory.prefix.startsWith(around.at(-1)?.prefix ?? '')) around.pop();
      const outer = around.at(-1);
      around.push(directory);
      if (outer === undefined) continue;
      const pair = [showPath(outer.owner), showPath(directory.owner)].sort().join(' ');
      if (reported.has(pair)) continue;
      reported.add(pair);
      const relation =
        outer.path === directory.path ? 'is also the path' : `lies inside ${outer.path}, the path`;
      const message = `${showPath(directory.said)}: ${directory.path} on node ${node} ${relation} of ${showPath(outer.owner)}`;
      context.fault(
        directory.said,
        message,
        'a directory belongs to one mapping: move it, or drop one of the two',
      );
    }
  }
}

/** What the daemon itself writes must not be what it watches. */
function checkOwnFiles(context: CheckContext): void {
  const { file, node } = context;
  if (node === null) return;
  const directories = directoriesByNode(context.file).get(node) ?? [];
  for (const key of ['state_dir', 'control_socket'] as const) {
    for (const { owner, said, path, prefix } of directories) {
      if (asPrefix(file[key]).startsWith(prefix)) {
        const message = `${key} ${file[key]} lies inside ${path}, the path of ${showPath(owner)}`;
        context.fault(said, message, 'csyncd must not watch what it writes itself');
      } else if (prefix.startsWith(asPrefix(file[key]))) {
        const message = `${showPath(said)}: ${path} lies inside ${key} ${file[key]}`;
        context.fault(said, message, 'csyncd must not watch what it writes itself');
      }
    }
  }
}
