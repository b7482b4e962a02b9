/** The keys of the groups that run here. A group whose key cannot be read does not run, and keeps no other from it. */
import { readGroupKey } from '../../config/key.ts';
import type { Config, Group } from '../../config/model.ts';
import { engineGroups } from './settings-of.ts';

/** By the group's name, as the network needs them. */
export type GroupKeys = ReadonlyMap<string, Buffer>;

/** At the start: what can be read. Throws the first fault, which names the file, when no group can run. */
export function firstKeys(config: Config): GroupKeys {
  const keys = new Map<string, Buffer>();
  let fault: unknown = null;
  for (const group of engineGroups(config)) {
    try {
      keys.set(group.name, keyOf(group));
    } catch (error) {
      fault ??= error;
    }
  }
  if (keys.size === 0 && fault !== null) throw fault;
  return keys;
}

/**
 * At a reload, read again. Throws the fault of a group that runs (it would stop) or is new (whoever adds it waits for the
 * answer); one that did not run stays so.
 */
export function nextKeys(next: Config, before: Config, running: GroupKeys): GroupKeys {
  const keys = new Map<string, Buffer>();
  for (const group of engineGroups(next)) {
    const hadFailed =
      !running.has(group.name) && engineGroups(before).some(({ name }) => name === group.name);
    try {
      keys.set(group.name, keyOf(group));
    } catch (error) {
      if (!hadFailed) throw error;
    }
  }
  return keys;
}

/** One more group that runs; throws when its key still cannot be read. */
export function withKey(running: GroupKeys, group: Group): GroupKeys {
  return new Map([...running, [group.name, keyOf(group)]]);
}

function keyOf(group: Group): Buffer {
  return Buffer.from(readGroupKey(group.keyFile), 'utf8');
}
