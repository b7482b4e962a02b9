/**
 * What two nodes say before either trusts the other: `hello` from the one that dialed, `welcome` from the one that was
 * dialed, `accept`, and `bye` from whoever ends it, then or later. What the fields prove is net/handshake.ts's business.
 */
import { z } from 'zod';
import { FrameType, frameHeader } from './frame.ts';
import type { Frame } from './frame.ts';
import { parseAs } from './json.ts';
import { MAX_REASON } from './limits.ts';
import { NAME, NODE_NAME } from './names.ts';
import { ProtocolError } from './protocol-error.ts';

const node = z.string().regex(NODE_NAME);
const group = z.string().regex(NAME);
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const proofs = z.array(z.object({ name: group, proof: z.string().regex(/^[0-9a-f]{64}$/) }));
const introduction = {
  node,
  run: id,
  version: z.string().max(100),
  features: z.array(z.string().max(100)).max(100),
  time: z.number(),
};

const hello = z.object({
  ...introduction,
  /** the groups that both are in, as the dialer knows it */
  groups: proofs.min(1),
  to: node,
  channel: z.enum(['control', 'bulk']),
  /** the dialer's name for the link that this connection is for */
  link: id,
  /** links of this run that the dialer has given up */
  gone: z.array(id).max(16),
});

const groupFault = z.enum(['unknown-group', 'not-a-member', 'wrong-key']);
const welcome = z.object({
  ...introduction,
  groups: proofs.min(1),
  refused: z.array(z.object({ name: group, fault: groupFault })),
});

const byeCode = z.enum([
  'closing',
  'protocol',
  'duplicate',
  'wrong-node',
  'same-name',
  'clone',
  'certificate',
  'foreign-group',
  'wrong-key',
]);
const bye = z.object({ code: byeCode, message: z.string() });

export type Hello = z.infer<typeof hello>;
export type Welcome = z.infer<typeof welcome>;
export type GroupFault = z.infer<typeof groupFault>;
export type ByeCode = z.infer<typeof byeCode>;
export type Bye = z.infer<typeof bye>;
export type Greeting =
  | ({ readonly kind: 'hello' } & Hello)
  | ({ readonly kind: 'welcome' } & Welcome)
  | { readonly kind: 'accept' }
  | ({ readonly kind: 'bye' } & Bye);

export function encodeGreeting(greeting: Greeting): Uint8Array[] {
  const { kind, ...fields } = greeting;
  const payload = kind === 'accept' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(fields));
  return [frameHeader(FrameType[kind], payload.length), payload];
}

/** Throws ProtocolError. */
export function decodeGreeting({ type, payload }: Frame): Greeting {
  switch (type) {
    case FrameType.hello:
      return { kind: 'hello', ...parseAs(hello, payload) };
    case FrameType.welcome:
      return { kind: 'welcome', ...parseAs(welcome, payload) };
    case FrameType.accept:
      if (payload.length > 0) throw new ProtocolError('bad-frame', 'an accept with a payload');
      return { kind: 'accept' };
    case FrameType.bye:
      return decodeBye(payload);
    default:
      throw new ProtocolError('unexpected-frame', `a frame of type ${type} before the handshake`);
  }
}

// The text is shown to a person: a peer must not be able to forge lines of a log or move a terminal's cursor.
function decodeBye(payload: Buffer): Greeting {
  const { code, message } = parseAs(bye, payload);
  // oxlint-disable-next-line no-control-regex
  const printable = message.slice(0, MAX_REASON).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return {
    kind: 'bye',
    code,
    message: printable,
  };
}
