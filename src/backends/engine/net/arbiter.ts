/**
 * Which of two connections between the same two nodes stands, when both dial. The node with the lower name decides, alone,
 * when it is called; the other one always takes its call. So the two never decide differently, and neither waits: the
 * lower one insists on its own dial only when that has reached the other already.
 */
import type { NodeId } from '../core/types.ts';

/** How this node stands with the peer at the moment of the call. */
export interface Standing {
  readonly link: { readonly id: string; readonly run: string } | null;
  /** this node's own dial: `reaching` until TLS stands, `greeting` when the peer has, or will have, our hello */
  readonly dial: 'none' | 'reaching' | 'greeting';
}

export interface IncomingCall {
  readonly from: NodeId;
  readonly run: string;
  /** links that the caller had, or began to have, and has given up */
  readonly gone: readonly string[];
}

/** `take` replaces whatever this node has with the caller; `duplicate` sends it away to use what it has with us. */
export function arbitrate(self: NodeId, standing: Standing, call: IncomingCall): 'take' | 'duplicate' {
  if (call.from < self) return 'take';
  const { link, dial } = standing;
  // A caller that has not given up our link does not know yet that it stands, or is about to.
  if (link !== null && link.run === call.run && !call.gone.includes(link.id)) return 'duplicate';
  return dial === 'greeting' ? 'duplicate' : 'take';
}
