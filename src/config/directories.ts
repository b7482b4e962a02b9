/** Which directories each node shares, and where the config says so. */
import { hostsOf } from './hosts.ts';
import type { ConfigFile, MappingSection } from './schema.ts';
import type { TreePath } from './tree.ts';

export interface Directory {
  /** the mapping */
  readonly owner: TreePath;
  /** `path`, or the node's own of `paths` */
  readonly said: TreePath;
  readonly path: string;
  /** the path with a `/` at its end, so that what lies below starts with it */
  readonly prefix: string;
}

export function directoriesByNode(file: ConfigFile): Map<string, Directory[]> {
  const byNode = new Map<string, Directory[]>();
  for (const [name, group] of Object.entries(file.groups)) {
    for (const node of new Set(hostsOf(group).map((host) => host.name))) {
      const list = byNode.get(node) ?? [];
      byNode.set(node, list);
      for (const [key, mapping] of Object.entries(group.mappings)) {
        list.push(directoryOf(['groups', name, 'mappings', key], mapping, node));
      }
    }
  }
  return byNode;
}

function directoryOf(owner: TreePath, mapping: MappingSection, node: string): Directory {
  const path = pathOn(mapping, node);
  const said = Object.hasOwn(mapping.paths, node) ? [...owner, 'paths', node] : [...owner, 'path'];
  return { owner, said, path, prefix: asPrefix(path) };
}

/** The mapping's directory on a node. */
export function pathOn(mapping: MappingSection, node: string): string {
  return (Object.hasOwn(mapping.paths, node) ? mapping.paths[node] : undefined) ?? mapping.path;
}

export function asPrefix(path: string): string {
  return path === '/' ? '/' : `${path}/`;
}
