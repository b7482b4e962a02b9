/** The hosts of imported groups: one address for each in all groups, as two nodes share one connection. */
import { isIP } from 'node:net';
import { HOST_NAME } from '../host-name.ts';
import type { DraftGroup, DraftHost } from './draft.ts';

export class ImportedHosts {
  readonly #addresses = new Map<string, string>();

  /** A group's hosts; `say` is told of those that are left out or are elsewhere. */
  of(group: DraftGroup, say: (message: string) => void): DraftHost[] {
    const hosts: DraftHost[] = [];
    for (const written of group.hosts) {
      const host = this.#atOneAddress(written, say);
      if (!isAddress(reach(host))) {
        say(`host ${reach(host)} is no name or address that csyncd can reach; it is left out`);
        continue;
      }
      const twin = hosts.find((other) => isSame(other, host));
      if (twin === undefined) hosts.push(host);
      else say(`host ${host.name} is the same as ${twin.name}; it is left out`);
    }
    return hosts;
  }

  #atOneAddress(host: DraftHost, say: (message: string) => void): DraftHost {
    const address = reach(host);
    const known = this.#addresses.get(host.name) ?? address;
    this.#addresses.set(host.name, known);
    if (known === address) return host;
    say(
      `host ${host.name} is at ${address} here and at ${known} in a group before; csyncd has one for all groups: ${known}`,
    );
    return { ...host, address: known === host.name ? null : known };
  }
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 || new RegExp(HOST_NAME).test(text);
}

function isSame(a: DraftHost, b: DraftHost): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase() || reach(a) === reach(b);
}

function reach({ address, name }: DraftHost): string {
  return address ?? name;
}
