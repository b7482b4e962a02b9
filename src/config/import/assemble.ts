/**
 * Drafts of several files to one config that `config check` accepts: names made valid and unique, one address for a host, and
 * a directory in one mapping only.
 */
import type { Draft, DraftGroup, DraftHost, DraftMapping, Remark } from './draft.ts';
import { ImportedHosts } from './hosts.ts';
import { uniqueName } from './names.ts';

/** What csyncd writes by default: a mapping must not contain it. */
const OWN_FILES = ['/var/lib/csyncd', '/run/csyncd'];

export function assemble(drafts: readonly Draft[]): Draft {
  const assembly = new Assembly();
  const groups = drafts.flatMap((draft) => draft.groups).flatMap((group) => assembly.group(group));
  return { groups, remarks: [...drafts.flatMap((draft) => draft.remarks), ...assembly.remarks] };
}

class Assembly {
  /** of groups that were left out */
  readonly remarks: Remark[] = [];
  readonly #groupNames = new Set<string>();
  readonly #mappingNames = new Set<string>();
  readonly #hosts = new ImportedHosts();
  readonly #places = new Places();

  group(group: DraftGroup): DraftGroup[] {
    const { file, line } = group;
    const remarks: Remark[] = [];
    const say = (message: string): void => void remarks.push({ file, line, message });
    const hosts = this.#hosts.of(group, say);
    if (!hosts.some(({ role }) => role === 'full')) {
      const why = hosts.length === 0 ? 'has no hosts' : 'has slaves alone, of which none sends';
      this.remarks.push(...remarks, { file, line, message: `group ${group.name}: ${why}; it is left out` });
      return [];
    }
    const listed = new Set(hosts.map(({ name }) => name));
    const mappings = group.mappings.flatMap((mapping) => {
      const paths = Object.fromEntries(Object.entries(mapping.paths).filter(([host]) => listed.has(host)));
      const problem = this.#places.take({ ...mapping, paths }, hosts);
      if (problem === null)
        return [{ ...mapping, paths, name: uniqueName(mapping.name, this.#mappingNames) }];
      say(`${mapping.path}: ${problem}; there is no mapping for it`);
      return [];
    });
    const actionNames = new Set<string>();
    const actions = group.actions.map((action) => ({
      ...action,
      name: uniqueName(action.name, actionNames),
    }));
    const name = uniqueName(group.name, this.#groupNames);
    return [{ ...group, name, hosts, remarks: [...group.remarks, ...remarks], mappings, actions }];
  }
}

/** The directories of every host that have a mapping. */
class Places {
  readonly #byHost = new Map<string, string[]>();

  /** Takes a mapping's directories; says why not, when another one has them. */
  take(mapping: DraftMapping, hosts: readonly DraftHost[]): string | null {
    const wanted = hosts.map(({ name }) => ({ name, path: mapping.paths[name] ?? mapping.path }));
    for (const { name, path } of wanted) {
      const own = OWN_FILES.find((file) => overlap(path, file));
      if (own !== undefined) {
        const advice = own.startsWith(path) ? `; move it (state_dir, control_socket) or include less` : '';
        return `csyncd keeps files of its own in ${own}${advice}`;
      }
      const other = (this.#byHost.get(name) ?? []).find((known) => overlap(path, known));
      if (other !== undefined)
        return `on host ${name} it overlaps ${other}, and a directory belongs to one mapping only`;
    }
    for (const { name, path } of wanted) this.#byHost.set(name, [...(this.#byHost.get(name) ?? []), path]);
    return null;
  }
}

function overlap(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}
