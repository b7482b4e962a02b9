/** `verify`: whether all online nodes hold the same tree. */
import type { VerifyResult } from '../../backends/backend.ts';
import { inWords } from '../../util/errno-words.ts';
import { CsyncdError, messageOf } from '../../util/errors.ts';
import type { VerifyAnswer } from '../answers.ts';

export interface VerifyTarget {
  /** as the operator names it */
  readonly name: string;
  readonly verify: (signal: AbortSignal) => Promise<VerifyResult>;
}

/** One mapping after the other, so that a large cluster is not read all at once. */
export async function verify(targets: readonly VerifyTarget[], signal: AbortSignal): Promise<VerifyAnswer> {
  const mappings: Record<string, VerifyAnswer['mappings'][string]> = {};
  for (const { name, verify } of targets) {
    try {
      const { compared, unreachable, equal, files, nodes, differences } = await verify(signal);
      const reason = compared ? null : `not reached, or not taking part: ${unreachable.join(', ')}`;
      const worded = differences.map((difference) => ({ ...difference, reason: inWords(difference.reason) }));
      mappings[name] = { equal, compared, unreachable, reason, files, nodes, differences: worded };
    } catch (error) {
      const nothing = { unreachable: [], files: 0, nodes: [], differences: [] };
      mappings[name] = { equal: false, compared: false, reason: reasonOf(error), ...nothing };
    }
  }
  const all = Object.values(mappings);
  return {
    equal: all.every((mapping) => mapping.equal),
    compared: all.every((mapping) => mapping.compared),
    mappings,
  };
}

function reasonOf(error: unknown): string {
  const hint = error instanceof CsyncdError ? error.hint : null;
  return hint === null ? messageOf(error) : `${messageOf(error)}; ${hint}`;
}
