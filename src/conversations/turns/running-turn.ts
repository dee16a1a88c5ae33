import type { HistoryMessage } from '#agents';
import type { Principal, RequestContext, Role, TenantScope } from '#platform/context';
import type { ClaimedTurn } from '../store/turn.repository.js';

/** A turn that this instance runs: what was asked, by whom, and under which claim. */
export interface RunningTurn {
  readonly ctx: RequestContext;
  readonly turnId: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly answerId: string;
  readonly clientMessageId: string | null;
  readonly attempt: number;
  readonly start: number;
  readonly content: string;
  readonly agent: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Who sent it; `abort` without a target means these. */
  readonly startedBy: string;
  readonly onDisconnect: 'continue' | 'cancel';
  /** True when the conversation still has its first title. */
  readonly untitled: boolean;
  /** On this process's clock (`performance.now()`). */
  readonly acceptedAt: number;
  readonly fence: number;
  readonly ownerEpoch: number;
  readonly history: readonly HistoryMessage[];
  /** Answers to the same question, whose place this one takes. */
  readonly replaces: readonly string[];
  /** The highest number that a commit had given out in the conversation. */
  readonly lastSeq: number;
  /** One signal a turn; its reason tells how the turn ends (`model/errors.ts`). */
  readonly controller: AbortController;
  /** When its first word was told, in ms since its message was accepted. */
  spokeMs?: number;
  /** The process stops: an end that cannot be written now is left for another one to come to. */
  released?: boolean;
}

/** A turn that was claimed from the database: everything that its acceptance left there. */
export function fromClaim(scope: { tenantId: string; conversationId: string }, row: ClaimedTurn): RunningTurn {
  const { request } = row;
  const principal: Principal = {
    id: row.principal_id,
    role: request.role as Role,
    persona: request.persona,
    sessionId: request.session_id,
  };
  return {
    ctx: { tenantId: scope.tenantId, principal, correlationId: request.correlation_id },
    turnId: row.id,
    conversationId: scope.conversationId,
    messageId: row.message_id,
    answerId: row.answer_id,
    clientMessageId: row.client_message_id,
    attempt: row.attempt,
    start: row.start,
    content: row.content,
    agent: request.agent,
    metadata: row.metadata,
    startedBy: request.started_by,
    onDisconnect: request.on_disconnect,
    untitled: row.title_source === 'default',
    acceptedAt: performance.now() - Math.max(0, Date.now() - row.created_at.getTime()),
    fence: row.fence,
    ownerEpoch: row.owner_epoch,
    history: row.history,
    replaces: row.replaces,
    lastSeq: row.last_seq,
    controller: new AbortController(),
  };
}

export function isIn(turn: RunningTurn, scope: TenantScope, conversationId: string): boolean {
  return turn.conversationId === conversationId && turn.ctx.tenantId === scope.tenantId;
}
