/** A mapping as the backend has it, on a host with a real csync2. What a node remembers is kept in memory. */
import { Local } from '../../../src/backends/csync2/local.ts';
import { Csync2Mapping, type MappingParts } from '../../../src/backends/csync2/mapping.ts';
import type { NodeServices } from '../../../src/backends/node-services.ts';
import type { Mapping } from '../../../src/config/model.ts';
import { openSys } from '../../../src/sys/open.ts';
import { compileSelection } from '../../../src/util/selection.ts';
import { Csync2Host, PORT } from './hosts.ts';

export const GROUP_KEY = 'k'.repeat(64);
const HOUR_MS = 3_600_000;
const sys = openSys();

export function servicesInMemory(): NodeServices & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    audit: () => undefined,
    notes: { get: (key) => kept.get(key) ?? null, set: (key, value) => void kept.set(key, value) },
    isPaused: () => false,
    setPaused: () => undefined,
    prepareRoot: () => Promise.resolve(),
  };
}

/** @param binary another than csync2 itself, for a test that comes between */
export function localOf(host: Csync2Host, { binary = 'csync2', noSsl = true } = {}): Local {
  const { dir: systemDir, databaseDir, databaseFile } = host;
  const places = { systemDir, bootstrapDir: systemDir, configName: null, databaseDir, databaseFile };
  return new Local({
    places,
    program: { ...host.program().settings, binary, port: PORT },
    key: GROUP_KEY,
    noSsl,
  });
}

export function mappingOf(
  host: Csync2Host,
  local: Local,
  more: Partial<MappingParts> & { readonly settings?: Partial<Mapping> } = {},
): Csync2Mapping {
  const { settings, ...parts } = more;
  const mapping: Mapping = {
    name: 'p',
    path: host.root,
    paths: {},
    exclude: [],
    include: [],
    delayMs: 0,
    maxDelayMs: 0,
    rescanMs: HOUR_MS,
    durability: 'strict',
    owner: 'numeric',
    maxDeletePercent: 50,
    ...settings,
  };
  return new Csync2Mapping({
    group: 'g',
    node: host.address,
    local,
    services: servicesInMemory(),
    sys,
    mapping,
    rootName: '%p%',
    block: 'g',
    selection: compileSelection(mapping),
    rules: { ignoreUid: false, ignoreGid: false, ignoreMode: false, isPrefixed: true },
    isForeign: true,
    receiveOnly: false,
    onFirstRecord: () => undefined,
    onMarked: () => undefined,
    ...parts,
  });
}

/** Two hosts that listen, and have each changed `f` since both recorded the same of it; and the first one's mapping. */
export async function changedOnBoth(): Promise<{
  here: Csync2Host;
  there: Csync2Host;
  local: Local;
  mapping: Csync2Mapping;
}> {
  const here = new Csync2Host();
  const there = new Csync2Host();
  for (const host of [here, there]) {
    host.configure([here, there]);
    host.write('f', 'old');
    host.setTime('f', 1_700_000_000);
    await host.program().run({ args: ['-cIr'], paths: [host.root] });
    host.write('f', `edited at ${host.address}`);
    await host.check();
    await host.listen();
  }
  const local = localOf(here);
  const mapping = mappingOf(here, local);
  await mapping.attach(new AbortController().signal);
  return { here, there, local, mapping };
}
