/**
 * What an operator means by PATH and MAPPING. PATH is an absolute path below a mapping, or `MAPPING:relative/path`;
 * MAPPING is a name, or `GROUP/NAME` where two groups have the same name. Paths are byte strings.
 */
import { posix } from 'node:path';
import type { Config, Group, Mapping } from '../../config/model.ts';
import { bytesToText, textToBytes } from '../../util/bytes.ts';
import { CsyncdError } from '../../util/errors.ts';

export interface MappingRef {
  readonly group: Group;
  readonly mapping: Mapping;
}

export interface PathRef extends MappingRef {
  /** below the mapping's root; `''` is the root */
  readonly path: string;
}

/** Throws a CsyncdError when there is no such mapping, or more than one. */
export function findMapping(config: Config, name: string): MappingRef {
  const all = allMappings(config);
  const found = all.filter(
    ({ group, mapping }) => name === mapping.name || name === `${group.name}/${mapping.name}`,
  );
  const [first] = found;
  if (first === undefined) {
    const known = all.map((ref) => shownMapping(config, ref)).join(', ');
    throw new CsyncdError('no-such-mapping', `there is no mapping "${name}" on this node`, {
      hint: known === '' ? 'this node has no mappings' : `it has: ${known}`,
    });
  }
  if (found.length > 1) {
    const names = found.map(({ group, mapping }) => `${group.name}/${mapping.name}`);
    throw new CsyncdError('ambiguous-mapping', `"${name}" is a mapping of more than one group`, {
      hint: `say which: ${names.join(' or ')}`,
    });
  }
  return first;
}

/** The name by which an operator tells this mapping from all others. */
export function shownMapping(config: Config, { group, mapping }: MappingRef): string {
  const same = allMappings(config).filter((other) => other.mapping.name === mapping.name);
  return same.length > 1 ? `${group.name}/${mapping.name}` : mapping.name;
}

export function allMappings(config: Config): MappingRef[] {
  return config.groups.flatMap((group) => group.mappings.map((mapping) => ({ group, mapping })));
}

/** Throws a CsyncdError when the path lies in no mapping. */
export function locate(config: Config, path: string): PathRef {
  if (path.startsWith('/')) return locateAbsolute(config, path);
  const colon = path.indexOf(':');
  if (colon === -1) {
    throw new CsyncdError('bad-path', `"${bytesToText(path)}" is not a path that csyncd knows`, {
      hint: 'write an absolute path below a mapping, or MAPPING:relative/path',
    });
  }
  const ref = findMapping(config, bytesToText(path.slice(0, colon)));
  return { ...ref, path: relative(path, path.slice(colon + 1)) };
}

function locateAbsolute(config: Config, path: string): PathRef {
  const clean = posix.normalize(path).replace(/\/$/, '');
  const around = allMappings(config)
    .map((ref) => ({ ref, root: textToBytes(ref.mapping.path) }))
    .filter(({ root }) => clean === root || clean.startsWith(`${root}/`))
    .sort((a, b) => b.root.length - a.root.length);
  const [inner] = around;
  if (inner === undefined) {
    const roots = allMappings(config).map(({ mapping }) => mapping.path);
    throw new CsyncdError('outside-mappings', `${bytesToText(path)} lies in no mapping of this node`, {
      hint: roots.length === 0 ? 'this node has no mappings' : `the mappings are: ${roots.join(', ')}`,
    });
  }
  return { ...inner.ref, path: clean.slice(inner.root.length + 1) };
}

function relative(whole: string, path: string): string {
  const clean = posix.normalize(`/${path}`).slice(1).replace(/\/$/, '');
  if (path.split('/').includes('..')) {
    throw new CsyncdError('bad-path', `${bytesToText(whole)} leads out of its mapping`, {
      hint: 'leave out the ".."',
    });
  }
  return clean;
}
