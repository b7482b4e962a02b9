/**
 * What the form of the file cannot say: whether its parts go together. Looks at nothing but the config, so that a file
 * can be checked anywhere (strict.ts looks at this machine).
 */
import { checkBackends } from './check-backends.ts';
import { checkHosts } from './check-hosts.ts';
import { checkMappings } from './check-mappings.ts';
import { checkPorts } from './check-ports.ts';
import type { Fault } from './fault.ts';
import type { ConfigFile } from './schema.ts';
import { faultAt, placeOf, type Tree, type TreePath } from './tree.ts';

export interface CheckContext {
  readonly file: ConfigFile;
  /** null when it could not be found out */
  readonly node: string | null;
  /** false when parts were left out for their form: what seems to be missing may be there */
  readonly complete: boolean;
  fault(path: TreePath, message: string, hint?: string): void;
  warn(path: TreePath, message: string, hint?: string): void;
}

export function checkConfig(
  file: ConfigFile,
  tree: Tree,
  node: string | null,
  complete: boolean,
): { faults: Fault[]; warnings: Fault[] } {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const context: CheckContext = {
    file,
    node,
    complete,
    fault: (path, message, hint) => faults.push(faultAt(placeOf(tree, path), message, hint)),
    warn: (path, message, hint) => warnings.push(faultAt(placeOf(tree, path), message, hint)),
  };
  checkHosts(context);
  checkMappings(context);
  checkBackends(context);
  checkPorts(context);
  return { faults, warnings };
}
