/** What went wrong on the way to a peer, in an operator's words. */
import { codeOf, messageOf } from '../../../util/errors.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { Refused } from './handshake.ts';
import type { LinkProblem } from './link.ts';

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
};

export function problemOf(error: unknown, peer: string, address: string): LinkProblem {
  if (error instanceof Refused) return error.problem;
  const code = codeOf(error) ?? '';
  if (error instanceof ProtocolError || code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return {
      code: 'refused-protocol',
      message: `${peer} (${address}) does not speak this version of csyncd's protocol: ${reasonOf(error)}`,
      hint: `check that csyncd listens at ${address}, and that both nodes run versions that go together`,
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      code: 'down',
      message: `the address of ${peer}, ${address}, does not resolve`,
      hint: `correct the address of ${peer} in the group's hosts, or the name service`,
    };
  }
  return {
    code: 'down',
    message: `no link to ${peer} (${address}): ${UNREACHABLE[code] ?? reasonOf(error)}`,
    hint: code === 'ECONNREFUSED' ? `is csyncd running on ${peer}, and on that port?` : null,
  };
}

/** What is wrong, in a few words: OpenSSL's own message names its source files. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason;
  return (messageOf(error).split('\n')[0] ?? '').slice(0, 200) || (codeOf(error) ?? 'unknown fault');
}
