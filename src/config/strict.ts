/** What `config check --strict` looks at besides the config: that what it names is on this machine and usable. */
import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { codeOf, CsyncdError, messageOf } from '../util/errors.ts';
import type { Fault } from './fault.ts';
import { isOpenToOthers, readGroupKey } from './key.ts';
import type { Config, Mapping } from './model.ts';
import { faultAt, nodeAt, placeOf, type Tree, type TreePath } from './tree.ts';

export function checkMachine(config: Config, tree: Tree): Fault[] {
  const faults: Fault[] = [];
  const fault = (path: TreePath, problem: Problem | null): void => {
    if (problem !== null) faults.push(faultAt(placeOf(tree, path), problem.message, problem.hint));
  };
  if (config.tls !== null) {
    for (const key of ['ca', 'cert', 'key'] as const)
      fault(['tls', key], fileProblem(config.tls[key], key === 'key'));
  }
  for (const group of config.groups) {
    fault(['groups', group.name, 'key_file'], keyProblem(group.keyFile));
    if (group.csync2 !== null) {
      fault(['groups', group.name, 'csync2', 'binary'], programProblem(group.csync2.binary));
    }
    for (const mapping of group.mappings) {
      fault(pathOf(tree, group.name, mapping, config.node), directoryProblem(mapping.path));
    }
  }
  return faults;
}

interface Problem {
  readonly message: string;
  readonly hint: string | null;
}

function pathOf(tree: Tree, group: string, mapping: Mapping, node: string): TreePath {
  const base = ['groups', group, 'mappings', mapping.name];
  const own = [...base, 'paths', node];
  return nodeAt(tree, own) === null ? [...base, 'path'] : own;
}

function keyProblem(file: string): Problem | null {
  try {
    readGroupKey(file);
    return null;
  } catch (error) {
    return { message: messageOf(error), hint: error instanceof CsyncdError ? error.hint : null };
  }
}

function fileProblem(file: string, secret: boolean): Problem | null {
  try {
    accessSync(file, constants.R_OK);
    if (!secret || !isOpenToOthers(statSync(file).mode)) return null;
    return { message: `the key ${file} is open to others`, hint: `chmod 0600 ${file}` };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { message: `there is no file ${file}`, hint: null };
    const hint = 'it must be readable by the user that csyncd runs as';
    return { message: `${file} cannot be read: ${codeOf(error) ?? messageOf(error)}`, hint };
  }
}

/** A name without a slash is looked for as a shell would. */
function programProblem(program: string): Problem | null {
  const dirs = program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(':');
  if (dirs.some((dir) => isExecutable(resolve(dir, program)))) return null;
  const hint = 'apt-get install csync2, or set csync2: { binary: … } of the group';
  return { message: `there is no program ${program}`, hint };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function directoryProblem(path: string): Problem | null {
  try {
    const stat = lstatSync(path);
    if (stat.isDirectory()) return null;
    const hint = 'name the directory that it leads to';
    if (stat.isSymbolicLink()) return { message: `${path} is a symlink, not a directory`, hint };
    return { message: `${path} is not a directory`, hint: null };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return { message: `${path}: ${messageOf(error)}`, hint: null };
    return { message: `there is no directory ${path}`, hint: 'create it, or mount what belongs there' };
  }
}
