/** What a peer can do wrong on an open connection. Each ends the connection. */
export type ProtocolErrorCode =
  /** longer than the limit for its place */
  | 'too-large'
  /** cut off, of an unknown type, or not what its type says */
  | 'bad-frame'
  /** known, but not allowed at this moment */
  | 'unexpected-frame'
  /** a message whose fields are not what they must be */
  | 'bad-message'
  /** a path that could lead out of its mapping, or into `.csyncd` */
  | 'bad-path';

/** The bytes from the peer break the protocol: the connection is dropped, nothing of the frame has had an effect. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProtocolError';
    this.code = code;
  }
}
