export type OutboundErrorCode =
  'BLOCKED' | 'TIMEOUT' | 'TOO_LARGE' | 'NETWORK' | 'ABORTED' | 'INVALID_URL' | 'INVALID_REQUEST';

export interface OutboundErrorOptions {
  readonly code: OutboundErrorCode;
  /** For people; names no address that was resolved and no state of a port. */
  readonly message: string;
  /**
   * True when a connection stood before it failed: the other side may have acted on the request. False promises that
   * nothing of the request left this machine.
   */
  readonly sent?: boolean;
  readonly cause?: unknown;
}

/** A request that brought no whole answer. Codes are for programs, the message is for people. */
export class OutboundError extends Error {
  readonly code: OutboundErrorCode;
  readonly sent: boolean;

  constructor(options: OutboundErrorOptions) {
    super(options.message, { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.sent = options.sent ?? false;
  }
}

const BLOCKED_MESSAGE =
  'This address is not allowed. Use a public http or https address, or ask the operator to add its host:port to OUTBOUND_ALLOW.';

/**
 * The address is refused. One text for every reason, since a text that differs between "closed", "open" and "does not
 * exist" would let a tenant map the network behind the server.
 */
export class OutboundBlockedError extends OutboundError {
  constructor(options: { sent?: boolean; cause?: unknown } = {}) {
    super({ code: 'BLOCKED', message: BLOCKED_MESSAGE, ...options });
  }
}
