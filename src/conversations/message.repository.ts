import { Injectable } from '@nestjs/common';
import type { AnswerPayload, TurnAnswer } from '#agents';
import type { RequestContext } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import type { ConversationEvent, MessageView, UsageView } from './conversation-event.js';
import { messageHtml } from './message-html.js';
import type { HeldTurn } from './turn-registry.js';
import type { Settled, Settlement } from './turn.repository.js';

interface MessageRow {
  readonly id: string;
  readonly conversation_id: string;
  readonly turn_id: string | null;
  readonly seq: number;
  readonly role: MessageView['role'];
  readonly content: string;
  readonly payloads: readonly AnswerPayload[];
  readonly tokens_used: number | null;
  readonly metadata: Record<string, unknown>;
  readonly created_at: Date;
}

const COLUMNS = 'id, conversation_id, turn_id, seq, role, content, payloads, tokens_used, metadata, created_at';
/** What a reader may see: not the messages of failed turns. */
const SHOWN = "state <> 'discarded'";

/** Stored messages and their form in the contract. */
@Injectable()
export class MessageRepository {
  constructor(private readonly uow: UnitOfWork) {}

  /** A page of a conversation, by `seq`. */
  async page(
    tx: TenantTx,
    conversationId: string,
    page: { limit: number; after: number | null; descending: boolean },
  ): Promise<MessageView[]> {
    const [compare, order] = page.descending ? ['<', 'DESC'] : ['>', 'ASC'];
    const rows = await tx.query<MessageRow>(
      `SELECT ${COLUMNS} FROM app.message
        WHERE tenant_id = $1 AND conversation_id = $2 AND ${SHOWN} AND ($3::bigint IS NULL OR seq ${compare} $3)
        ORDER BY seq ${order} LIMIT $4`,
      [tx.tenantId, conversationId, page.after, page.limit],
    );
    return rows.map(messageView);
  }

  async find(tx: TenantTx, conversationId: string, messageId: string): Promise<MessageView | null> {
    const row = await tx.one<MessageRow>(
      `SELECT ${COLUMNS} FROM app.message WHERE tenant_id = $1 AND conversation_id = $2 AND id = $3 AND ${SHOWN}`,
      [tx.tenantId, conversationId, messageId],
    );
    return row === null ? null : messageView(row);
  }

  /** Stored frames and messages after a number, in order; at most `limit`, the newest. */
  async eventsAfter(
    tx: TenantTx,
    conversationId: string,
    afterSeq: number,
    limit: number,
  ): Promise<ConversationEvent[]> {
    const [frames, messages] = await Promise.all([
      tx.query<{ frame: ConversationEvent }>(
        `SELECT frame FROM app.turn_event WHERE tenant_id = $1 AND conversation_id = $2 AND seq > $3
          ORDER BY seq DESC LIMIT $4`,
        [tx.tenantId, conversationId, afterSeq, limit],
      ),
      tx.query<MessageRow>(
        `SELECT ${COLUMNS} FROM app.message WHERE tenant_id = $1 AND conversation_id = $2 AND seq > $3
            AND state = ANY('{final,pending}') ORDER BY seq DESC LIMIT $4`,
        [tx.tenantId, conversationId, afterSeq, limit],
      ),
    ]);
    return [
      ...frames.map((row) => row.frame),
      ...messages.map((row): ConversationEvent => ({ type: 'message', ...messageView(row) })),
    ]
      .sort((a, b) => a.seq - b.seq)
      .slice(-limit);
  }

  /** The stored end of a turn: its `message` (or `error`) and `done`. */
  async outcomeOf(ctx: RequestContext, conversationId: string, turnId: string): Promise<ConversationEvent[]> {
    return this.uow.run(ctx, async (tx) => {
      const [frames, answers] = await Promise.all([
        tx.query<{ frame: ConversationEvent }>(
          `SELECT frame FROM app.turn_event
            WHERE tenant_id = $1 AND conversation_id = $2 AND turn_id = $3 AND type IN ('error', 'done') ORDER BY seq`,
          [tx.tenantId, conversationId, turnId],
        ),
        tx.query<MessageRow>(
          `SELECT ${COLUMNS} FROM app.message
            WHERE tenant_id = $1 AND conversation_id = $2 AND turn_id = $3 AND role = 'assistant' AND state = 'final'`,
          [tx.tenantId, conversationId, turnId],
        ),
      ]);
      return [
        ...answers.map((row): ConversationEvent => ({ type: 'message', ...messageView(row) })),
        ...frames.map((row) => row.frame),
      ];
    });
  }

  /** Whether an answer is stored already, from a commit whose reply was lost. */
  async settledAnswer(ctx: RequestContext, messageId: string): Promise<Settled | null> {
    const rows = await this.uow.query<Settled>(
      ctx,
      'SELECT seq, created_at, 0 AS queued FROM app.message WHERE tenant_id = $1 AND id = $2',
      [ctx.tenantId, messageId],
    );
    return rows[0] ?? null;
  }

  /** The question as the other readers see it, from what was just committed. */
  questionView(turn: HeldTurn, seq: number, createdAt: Date): MessageView {
    return messageView({
      id: turn.messageId,
      conversation_id: turn.conversationId,
      turn_id: turn.turnId,
      seq,
      role: 'user',
      content: turn.content,
      payloads: [],
      tokens_used: null,
      metadata: { ...turn.metadata },
      created_at: createdAt,
    });
  }

  answerView(turn: HeldTurn, answer: NonNullable<Settlement['answer']>, settled: Settled): MessageView {
    return messageView({
      id: answer.id,
      conversation_id: turn.conversationId,
      turn_id: turn.turnId,
      seq: settled.seq,
      role: 'assistant',
      content: answer.content,
      payloads: answer.payloads as readonly AnswerPayload[],
      tokens_used: answer.tokensUsed,
      metadata: { ...answer.metadata },
      created_at: settled.created_at,
    });
  }

  /** The contract's metadata of an answer. */
  answerMetadata(
    turn: HeldTurn,
    answer: TurnAnswer,
    usage: UsageView | null,
    latencyMs: number,
  ): Record<string, unknown> {
    return {
      intent: answer.intent,
      intents: answer.intents,
      agents: answer.agents,
      language: answer.language,
      chunks_used: answer.sourceChunks.length,
      source_chunks: answer.sourceChunks,
      citations: answer.citations,
      usage,
      latency_ms: latencyMs,
      degraded: answer.degraded,
      partial: false,
      conversation_id: turn.conversationId,
      ...(answer.awaiting === null ? {} : { awaiting: answer.awaiting }),
    };
  }
}

function messageView(row: MessageRow): MessageView {
  return {
    id: row.id,
    message_id: row.id,
    conversation_id: row.conversation_id,
    turn_id: row.turn_id,
    seq: row.seq,
    role: row.role,
    content: row.content,
    content_html: messageHtml(row.content),
    payload_type: row.payloads[0]?.payload_type ?? (row.role === 'assistant' ? 'text' : null),
    payloads: row.payloads,
    tokens_used: row.tokens_used,
    metadata: row.metadata,
    created_at: row.created_at.toISOString(),
  };
}
