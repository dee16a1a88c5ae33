import { Injectable } from '@nestjs/common';
import type { TenantTx } from '#platform/database';
import type { TurnErrorView, TurnStatus, UsageView } from '../model/conversation-event.js';

/** A conversation as the contract shows it (PROTOCOL §2). */
export interface ConversationView {
  readonly id: string;
  readonly client_key: string | null;
  readonly user_id: string;
  readonly persona: string | null;
  readonly channel: string;
  readonly title: string;
  readonly status: 'active' | 'ended';
  readonly owner: 'agent' | 'human';
  readonly summary: string | null;
  readonly message_count: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly last_interaction_at: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TurnView {
  readonly id: string;
  readonly conversation_id: string;
  readonly message_id: string;
  readonly answer_id: string;
  readonly status: TurnStatus;
  readonly attempt: number;
  /** How often it was begun: 0 while it waits, more than 1 after a take-over. */
  readonly start: number;
  readonly content: string;
  readonly agent: string | null;
  readonly error: TurnErrorView | null;
  readonly usage: UsageView | null;
  readonly timings: Readonly<Record<string, number>> | null;
  readonly created_at: string;
  readonly ended_at: string | null;
}

type Dated<T, K extends keyof T> = Omit<T, K> & { readonly [key in K]: Date | Extract<T[key], null> };
type ConversationRow = Dated<ConversationView, 'last_interaction_at' | 'created_at' | 'updated_at'> & {
  readonly last_seq: number;
};
type TurnRow = Dated<TurnView, 'created_at' | 'ended_at'>;

const CONVERSATION = `id, client_key, principal_id AS user_id, persona, channel, title, status, owner, summary, message_count,
  metadata, last_interaction_at, created_at, updated_at, last_seq`;
/** Word for word the condition of `conversation_recent_idx`. */
const LISTED = '(message_count > 0 OR NOT failed_only)';
const TURN =
  'id, conversation_id, message_id, answer_id, status, attempt, start, content, agent, error, usage, timings, created_at, ended_at';

/** Rows of conversations and (reading only) of turns. Every list names the principal: there is none across users. */
@Injectable()
export class ConversationRepository {
  async insert(
    tx: TenantTx,
    row: {
      id: string;
      principalId: string;
      clientKey: string | null;
      channel: string;
      persona: string | null;
      title: string;
      titleSource: 'default' | 'user';
      metadata: object;
    },
  ): Promise<ConversationView> {
    const [inserted] = await tx.query<ConversationRow>(
      `INSERT INTO app.conversation (tenant_id, id, principal_id, client_key, channel, persona, title, title_source, metadata)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb) RETURNING ${CONVERSATION}`,
      [
        tx.tenantId,
        row.id,
        row.principalId,
        row.clientKey,
        row.channel,
        row.persona,
        row.title,
        row.titleSource,
        JSON.stringify(row.metadata),
      ],
    );
    if (inserted === undefined) throw new Error('An insert returned no row');
    return conversationView(inserted);
  }

  /**
   * Newest first. One whose only turns failed is not listed.
   * @param before the position after which to go on: last interaction and id of the last row of the page before
   */
  async page(
    tx: TenantTx,
    principalId: string,
    page: { limit: number; before: { at: string; id: string } | null },
  ): Promise<ConversationView[]> {
    const from = page.before === null ? [] : [page.before.at, page.before.id];
    const rows = await tx.query<ConversationRow>(
      `SELECT ${CONVERSATION} FROM app.conversation
        WHERE tenant_id = $1 AND principal_id = $2 AND ${LISTED}
          ${from.length === 0 ? '' : 'AND (last_interaction_at, id) < ($4::timestamptz, $5::uuid)'}
        ORDER BY last_interaction_at DESC, id DESC LIMIT $3`,
      [tx.tenantId, principalId, page.limit, ...from],
    );
    return rows.map(conversationView);
  }

  /** The one that was used last: the list's first, or one whose question, younger than that, is being answered. */
  async latest(tx: TenantTx, principalId: string): Promise<string | null> {
    const row = await tx.one<{ id: string }>(
      `SELECT used.id FROM (
         (SELECT id, last_interaction_at AS at FROM app.conversation
           WHERE tenant_id = $1 AND principal_id = $2 AND ${LISTED} ORDER BY last_interaction_at DESC, id DESC LIMIT 1)
         UNION ALL
         (SELECT conversation_id, created_at FROM app.turn
           WHERE tenant_id = $1 AND principal_id = $2 AND status IN ('queued', 'running') ORDER BY created_at DESC LIMIT 1)
       ) used ORDER BY used.at DESC LIMIT 1`,
      [tx.tenantId, principalId],
    );
    return row?.id ?? null;
  }

  /**
   * All of one principal's become another's, with what was asked in them. A client's own name for one (`client_key`,
   * `client_message_id`) that the other has used too is let go.
   * @returns how many
   */
  async moveAll(tx: TenantTx, { from, to }: { readonly from: string; readonly to: string }): Promise<number> {
    const values = [tx.tenantId, from, to];
    await tx.execute(
      `UPDATE app.message m SET principal_id = $3, client_message_id = CASE WHEN EXISTS (
         SELECT 1 FROM app.message o WHERE o.tenant_id = $1 AND o.principal_id = $3
           AND o.client_message_id = m.client_message_id) THEN NULL ELSE m.client_message_id END
       WHERE m.tenant_id = $1 AND m.principal_id = $2`,
      values,
    );
    await tx.execute('UPDATE app.turn SET principal_id = $3 WHERE tenant_id = $1 AND principal_id = $2', values);
    await tx.execute('UPDATE app.feedback SET principal_id = $3 WHERE tenant_id = $1 AND principal_id = $2', values);
    return tx.execute(
      `UPDATE app.conversation c SET principal_id = $3, client_key = CASE WHEN EXISTS (
         SELECT 1 FROM app.conversation o WHERE o.tenant_id = $1 AND o.principal_id = $3 AND o.client_key = c.client_key)
         THEN NULL ELSE c.client_key END
       WHERE c.tenant_id = $1 AND c.principal_id = $2`,
      values,
    );
  }

  async find(tx: TenantTx, principalId: string, id: string): Promise<(ConversationView & { last_seq: number }) | null> {
    const row = await tx.one<ConversationRow>(
      `SELECT ${CONVERSATION} FROM app.conversation WHERE tenant_id = $1 AND principal_id = $2 AND id = $3`,
      [tx.tenantId, principalId, id],
    );
    return row === null ? null : { ...conversationView(row), last_seq: row.last_seq };
  }

  /** Whosever it is: for people who answer in the agent's place, and for what all its readers are told. */
  async findAny(tx: TenantTx, id: string): Promise<ConversationView | null> {
    const row = await tx.one<ConversationRow>(
      `SELECT ${CONVERSATION} FROM app.conversation WHERE tenant_id = $1 AND id = $2`,
      [tx.tenantId, id],
    );
    return row === null ? null : conversationView(row);
  }

  /** What a person is called; null when there is nobody. */
  async nameOf(tx: TenantTx, principalId: string): Promise<string | null> {
    const sql = 'SELECT name FROM app.principal WHERE tenant_id = $1 AND id = $2';
    return (await tx.one<{ name: string }>(sql, [tx.tenantId, principalId]))?.name ?? null;
  }

  async update(
    tx: TenantTx,
    principalId: string,
    id: string,
    changes: { title?: string; status?: 'active' | 'ended'; metadata?: object },
  ): Promise<ConversationView | null> {
    const row = await tx.one<ConversationRow>(
      `UPDATE app.conversation
          SET title = coalesce($4, title), title_source = CASE WHEN $4::text IS NULL THEN title_source ELSE 'user' END,
              status = coalesce($5, status), metadata = coalesce($6::jsonb, metadata), updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND principal_id = $2 AND id = $3 RETURNING ${CONVERSATION}`,
      [
        tx.tenantId,
        principalId,
        id,
        changes.title ?? null,
        changes.status ?? null,
        changes.metadata === undefined ? null : JSON.stringify(changes.metadata),
      ],
    );
    return row === null ? null : conversationView(row);
  }

  /** @returns false when it is not there, or not the principal's */
  async delete(tx: TenantTx, principalId: string, id: string): Promise<boolean> {
    const count = await tx.execute(
      'DELETE FROM app.conversation WHERE tenant_id = $1 AND principal_id = $2 AND id = $3',
      [tx.tenantId, principalId, id],
    );
    return count === 1;
  }

  async turns(
    tx: TenantTx,
    conversationId: string,
    page: { limit: number; before: string | null },
  ): Promise<TurnView[]> {
    const rows = await tx.query<TurnRow>(
      `SELECT ${TURN} FROM app.turn WHERE tenant_id = $1 AND conversation_id = $2 AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $4`,
      [tx.tenantId, conversationId, page.before, page.limit],
    );
    return rows.map(turnView);
  }

  async turn(tx: TenantTx, conversationId: string, turnId: string): Promise<TurnView | null> {
    const row = await tx.one<TurnRow>(
      `SELECT ${TURN} FROM app.turn WHERE tenant_id = $1 AND conversation_id = $2 AND id = $3`,
      [tx.tenantId, conversationId, turnId],
    );
    return row === null ? null : turnView(row);
  }
}

function conversationView(row: ConversationRow): ConversationView {
  const { last_seq: _, ...view } = row;
  return {
    ...view,
    last_interaction_at: row.last_interaction_at.toISOString(),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function turnView(row: TurnRow): TurnView {
  return { ...row, created_at: row.created_at.toISOString(), ended_at: row.ended_at?.toISOString() ?? null };
}
