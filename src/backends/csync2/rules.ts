/** What of a mapping csync2 has to do with: by the rules that csyncd gave it, or by those of a config that is managed elsewhere. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { csync2Selection } from '../../config/csync2/match.ts';
import { rootName } from '../../config/csync2/names.ts';
import { parseCsync2Config } from '../../config/csync2/parser.ts';
import type { Csync2Options, Mapping } from '../../config/model.ts';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import { compileSelection } from '../../util/selection.ts';
import { backupDirectory } from './backups.ts';
import type { CheckRules } from './checktxt.ts';
import type { Tree } from './comparison.ts';

export interface MappingRules {
  readonly selection: Tree['selection'];
  readonly check: CheckRules;
  /** a byte path; null when csync2 keeps no backups */
  readonly backupDirectory: string | null;
}

/** @param host csync2's own name of this node */
export function rulesOf(csync2: Csync2Options, host: string): (mapping: Mapping) => MappingRules {
  if (csync2.configFile !== null) return foreignRules(csync2, csync2.configFile, host);
  return ownRules;
}

function ownRules(mapping: Mapping): MappingRules {
  const ignoresOwner = mapping.owner === 'ignore';
  return {
    selection: compileSelection(mapping),
    check: {
      ignoreUid: ignoresOwner,
      ignoreGid: ignoresOwner,
      ignoreMode: false,
      isPrefixed: rootName(mapping).startsWith('%'),
    },
    backupDirectory: backupDirectory(mapping.path),
  };
}

function foreignRules(
  { roots }: Csync2Options,
  file: string,
  host: string,
): (mapping: Mapping) => MappingRules {
  // csync2 runs in / here.
  const config = parseCsync2Config(file, readConfig(file), (path) => readConfig(resolve('/', path)));
  const selection = csync2Selection(config, host);
  const ignores = (what: 'uid' | 'gid' | 'mod'): boolean =>
    config.ignore.some((entry) => entry.what === what);
  const kept = config.groups.find((group) => group.backupDirectory !== null)?.backupDirectory?.value ?? null;
  return (mapping) => {
    const root = rootName(mapping, roots);
    const nameOf = (path: string): string => (path === '' ? root : `${root}/${path}`);
    return {
      selection: {
        selects: (path) => selection.selects(nameOf(path)),
        enters: (dir) => selection.enters(nameOf(dir)),
      },
      check: {
        ignoreUid: ignores('uid'),
        ignoreGid: ignores('gid'),
        ignoreMode: ignores('mod'),
        isPrefixed: root.startsWith('%'),
      },
      backupDirectory: kept,
    };
  };
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new CsyncdError('csync2-config', `the csync2 config ${file} cannot be read: ${messageOf(error)}`, {
      hint: 'mend it, or drop csync2: { config_file } of the group',
      cause: error,
    });
  }
}
