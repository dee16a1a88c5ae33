/** Sessions that no longer hold, published after the commit: sockets that were opened with them are closed at once. */
export class SessionRevoked {
  constructor(
    readonly tenantId: string,
    readonly principalId: string,
    /** Null: every session of the principal, and API keys acting as it. */
    readonly sessionId: string | null,
    /** The session that stays when all others end (password change). */
    readonly exceptSessionId: string | null = null,
  ) {}
}
