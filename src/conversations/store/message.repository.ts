import { Injectable } from '@nestjs/common';
import type { AnswerPayload } from '#agents';
import type { TenantTx } from '#platform/database';
import type {
  ConversationEvent,
  DoneEvent,
  ErrorEvent,
  MessageView,
  TokenEvent,
  TurnErrorView,
  UsageView,
} from '../model/conversation-event.js';
import { messageHtml } from './message-html.js';
import type { PersonsMessage, Said } from './person.repository.js';
import type { Settled, StoredAnswer } from './turn.repository.js';

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
const MOST_OF_A_CONVERSATION = 10_000;
/** What a reader may see: not the messages of failed turns, nor what people noted for the agent. */
const SHOWN = "state NOT IN ('discarded', 'noted')";

/** A message without its HTML, which costs about a millisecond to make. */
export type MessageText = Omit<MessageView, 'content_html'>;

/** Stored messages and their form in the contract. */
@Injectable()
export class MessageRepository {
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

  /** All of a conversation, ascending, but for more than anybody reads. */
  async whole(tx: TenantTx, conversationId: string): Promise<MessageText[]> {
    const rows = await tx.query<MessageRow>(
      `SELECT ${COLUMNS} FROM app.message WHERE tenant_id = $1 AND conversation_id = $2 AND ${SHOWN} ORDER BY seq LIMIT $3`,
      [tx.tenantId, conversationId, MOST_OF_A_CONVERSATION],
    );
    return rows.map(messageText);
  }

  async find(tx: TenantTx, conversationId: string, messageId: string): Promise<MessageView | null> {
    const row = await tx.one<MessageRow>(
      `SELECT ${COLUMNS} FROM app.message WHERE tenant_id = $1 AND conversation_id = $2 AND id = $3 AND ${SHOWN}`,
      [tx.tenantId, conversationId, messageId],
    );
    return row === null ? null : messageView(row);
  }

  /**
   * The stored events after a number, ascending: messages, and the `error` and `done` of turns that have ended, made from
   * their rows. At most `limit`, the newest.
   */
  async eventsAfter(
    tx: TenantTx,
    conversationId: string,
    afterSeq: number,
    limit: number,
  ): Promise<ConversationEvent[]> {
    const [messages, ends] = await Promise.all([
      tx.query<MessageRow>(
        `SELECT ${COLUMNS} FROM app.message WHERE tenant_id = $1 AND conversation_id = $2 AND seq > $3 AND ${SHOWN}
          ORDER BY seq DESC LIMIT $4`,
        [tx.tenantId, conversationId, afterSeq, limit],
      ),
      tx.query<EndedRow>(
        `SELECT t.id, t.conversation_id, t.status, t.end_seq, t.error, t.usage, m.client_message_id
           FROM app.turn t JOIN app.message m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
          WHERE t.tenant_id = $1 AND t.conversation_id = $2 AND t.end_seq >= $3
          ORDER BY t.end_seq DESC LIMIT $4`,
        [tx.tenantId, conversationId, afterSeq, limit],
      ),
    ]);
    return [
      ...messages.map((row): ConversationEvent => ({ type: 'message', ...messageView(row) })),
      ...ends.flatMap(storedEnd),
    ]
      .filter((event) => 'seq' in event && event.seq > afterSeq)
      .sort((a, b) => seqOf(a) - seqOf(b))
      .slice(-limit);
  }

  /** The stored end of a turn: its `message` (or `error`) and `done`; null while it is not over, or when it is gone. */
  async outcomeOf(tx: TenantTx, conversationId: string, turnId: string): Promise<ConversationEvent[] | null> {
    const [ended, answers] = await Promise.all([
      tx.one<EndedRow>(
        `SELECT t.id, t.conversation_id, t.status, t.end_seq, t.error, t.usage, m.client_message_id
           FROM app.turn t JOIN app.message m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
          WHERE t.tenant_id = $1 AND t.conversation_id = $2 AND t.id = $3 AND t.end_seq IS NOT NULL`,
        [tx.tenantId, conversationId, turnId],
      ),
      tx.query<MessageRow>(
        `SELECT ${COLUMNS} FROM app.message
          WHERE tenant_id = $1 AND conversation_id = $2 AND ${SHOWN}
            AND id = (SELECT answer_id FROM app.turn WHERE tenant_id = $1 AND id = $3)`,
        [tx.tenantId, conversationId, turnId],
      ),
    ]);
    if (ended === null) return null;
    return [
      ...answers.map((row): ConversationEvent => ({ type: 'message', ...messageView(row) })),
      ...storedEnd(ended),
    ];
  }

  /** The question as the other readers see it, from what was just committed. */
  questionView(question: {
    readonly id: string;
    readonly conversationId: string;
    readonly turnId: string | null;
    readonly content: string;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly seq: number;
    readonly createdAt: Date;
  }): MessageView {
    return messageView({
      id: question.id,
      conversation_id: question.conversationId,
      turn_id: question.turnId,
      seq: question.seq,
      role: 'user',
      content: question.content,
      payloads: [],
      tokens_used: null,
      metadata: { ...question.metadata },
      created_at: question.createdAt,
    });
  }

  saidView(message: PersonsMessage, said: Said): MessageView {
    return messageView({
      id: said.id,
      conversation_id: message.conversationId,
      turn_id: null,
      seq: said.seq,
      role: 'supporter',
      content: message.content,
      payloads: [],
      tokens_used: null,
      metadata: { ...said.metadata },
      created_at: said.created_at,
    });
  }

  answerView(
    turn: { readonly conversationId: string; readonly turnId: string; readonly answerId: string },
    answer: StoredAnswer,
    settled: Settled,
  ): MessageView {
    return messageView({
      id: turn.answerId,
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
}

interface EndedRow {
  readonly id: string;
  readonly conversation_id: string;
  readonly status: DoneEvent['status'];
  readonly end_seq: number;
  readonly error: TurnErrorView | null;
  readonly usage: UsageView | null;
  readonly client_message_id: string | null;
}

/** The end of a turn for a reader who comes later: one that had words of a turn that was handed off loses them first. */
function storedEnd(row: EndedRow): (TokenEvent | ErrorEvent | DoneEvent)[] {
  if (row.status !== 'handed_off') return endEvents(row);
  const place = { conversation_id: row.conversation_id, turn_id: row.id, seq: row.end_seq };
  return [{ type: 'token', ...place, role: 'assistant', content: '', offset: 0 }, ...endEvents(row)];
}

/** The last frames of a turn, as they were told when it ended. */
export function endEvents(row: EndedRow): (ErrorEvent | DoneEvent)[] {
  const place = { conversation_id: row.conversation_id, turn_id: row.id };
  const { error } = row;
  const done: DoneEvent = {
    type: 'done',
    ...place,
    seq: row.end_seq + 1,
    status: row.status,
    usage: row.usage,
    ...(error === null ? {} : { error }),
  };
  if (error === null) return [done];
  const why: ErrorEvent = {
    type: 'error',
    scope: 'turn',
    ...place,
    seq: row.end_seq,
    ...error,
    ...(row.client_message_id === null ? {} : { client_message_id: row.client_message_id }),
  };
  return [why, done];
}

function seqOf(event: ConversationEvent): number {
  return 'seq' in event ? event.seq : 0;
}

/** For a contract's form that is made message by message, outside of the transaction. */
export function withHtml(message: MessageText): MessageView {
  return { ...message, content_html: messageHtml(message.content) };
}

function messageView(row: MessageRow): MessageView {
  return withHtml(messageText(row));
}

function messageText(row: MessageRow): MessageText {
  return {
    id: row.id,
    message_id: row.id,
    conversation_id: row.conversation_id,
    turn_id: row.turn_id,
    seq: row.seq,
    role: row.role,
    content: row.content,
    payload_type: row.payloads[0]?.payload_type ?? (row.role === 'assistant' ? 'text' : null),
    payloads: row.payloads,
    tokens_used: row.tokens_used,
    metadata: row.metadata,
    created_at: row.created_at.toISOString(),
  };
}
