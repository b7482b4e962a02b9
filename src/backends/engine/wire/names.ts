import { DecodeError } from '../core/encode.ts';

/** Names of groups and mappings (contract, 1). */
export const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Names of nodes: host names, short or full. */
export const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

/** Throws DecodeError when it is no name of a group or a mapping. */
export function receivedName(name: string): string {
  if (!NAME.test(name)) throw new DecodeError('no name of a group or mapping');
  return name;
}
