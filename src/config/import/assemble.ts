/**
 * Drafts of several files to one config that `config check` accepts: names made valid and unique, one address for a host, and
 * a directory in one mapping only.
 */
import type { Draft, DraftGroup, DraftHost, DraftMapping, Remark } from './draft.ts';
import { uniqueName } from './names.ts';

/** What csyncd writes by default: a mapping must not contain it. */
const OWN_FILES = ['/var/lib/csyncd', '/run/csyncd'];

export function assemble(drafts: readonly Draft[]): Draft {
  const names = { groups: new Set<string>(), mappings: new Set<string>() };
  const places = new Places();
  const addresses = new Map<string, string>();
  const groups = drafts
    .flatMap((draft) => draft.groups)
    .map((group): DraftGroup => {
      const remarks: Remark[] = [];
      const hosts = group.hosts.map((host) => sameAddress(host, group, addresses, remarks));
      const mappings = group.mappings.flatMap((mapping) => {
        const problem = places.take(mapping, hosts);
        if (problem === null) return [{ ...mapping, name: uniqueName(mapping.name, names.mappings) }];
        const { file, line } = group;
        remarks.push({ file, line, message: `${mapping.path}: ${problem}; there is no mapping for it` });
        return [];
      });
      const actionNames = new Set<string>();
      return {
        ...group,
        name: uniqueName(group.name, names.groups),
        hosts,
        remarks: [...group.remarks, ...remarks],
        mappings,
        actions: group.actions.map((action) => ({ ...action, name: uniqueName(action.name, actionNames) })),
      };
    });
  return { groups, remarks: drafts.flatMap((draft) => draft.remarks) };
}

/** Two nodes share one connection for all groups, so a host has one address. */
function sameAddress(
  host: DraftHost,
  { file, line }: DraftGroup,
  addresses: Map<string, string>,
  remarks: Remark[],
): DraftHost {
  const address = host.address ?? host.name;
  const known = addresses.get(host.name) ?? address;
  addresses.set(host.name, known);
  if (known === address) return host;
  const message = `host ${host.name} is at ${address} here and at ${known} in a group before; csyncd has one for all groups: ${known}`;
  remarks.push({ file, line, message });
  return { ...host, address: known === host.name ? null : known };
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
