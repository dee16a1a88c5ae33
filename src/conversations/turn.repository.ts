import { Injectable } from '@nestjs/common';
import type { TenantTx } from '#platform/database';
import type { HistoryMessage } from '#agents';
import type { ErrorCode } from '#platform/errors';
import type { ConversationReference } from './turn.types.js';
import type { TurnStatus, UsageView } from './conversation-event.js';

/** At most this many messages wait behind a running turn. */
export const MAX_QUEUED = 5;

export interface LockedConversation {
  readonly id: string;
  readonly client_key: string | null;
  readonly status: 'active' | 'ended';
  readonly owner: 'agent' | 'human';
  readonly owner_epoch: number;
  readonly title_source: 'default' | 'automatic' | 'user';
}

/** An earlier message with the same client id, and the latest turn that it started. */
export interface EarlierSubmission {
  readonly message_id: string;
  readonly conversation_id: string;
  readonly client_key: string | null;
  readonly fingerprint: Buffer;
  readonly turn_id: string;
  readonly turn_status: TurnStatus;
  readonly attempt: number;
  readonly ack_seq: number;
}

export interface NewTurn {
  readonly conversationId: string;
  readonly principalId: string;
  readonly messageId: string;
  readonly turnId: string;
  readonly content: string;
  readonly clientMessageId: string | null;
  readonly fingerprint: Buffer | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly request: Readonly<Record<string, unknown>>;
  readonly attempt: number;
  /** True: the message row exists (a new attempt after a failed or cancelled turn). */
  readonly revive: boolean;
  /** Set: the conversation is made in the same statement. */
  readonly create: { readonly channel: string; readonly persona: string | null; readonly title: string } | null;
  readonly instance: string;
  readonly leaseSeconds: number;
  readonly historyMessages: number;
  readonly queueMode: 'queue' | 'reject' | 'interrupt';
}

export interface OpenedTurn {
  /** `refused`: nothing was written, since too many messages wait (or the tenant queues none). */
  readonly verdict: 'running' | 'queued' | 'refused';
  readonly seq: number;
  readonly owner_epoch: number;
  readonly created_at: Date;
  readonly history: readonly HistoryMessage[];
}

export interface ClaimedTurn {
  readonly id: string;
  /** The highest number that a commit gave out in the conversation. */
  readonly last_seq: number;
  readonly fence: number;
  readonly owner_epoch: number;
  readonly history: readonly HistoryMessage[];
}

export interface Settlement {
  readonly turnId: string;
  readonly conversationId: string;
  readonly userMessageId: string;
  /** What the turn must still be, or the settlement changes nothing. */
  readonly expect:
    | { readonly kind: 'owned'; readonly instance: string; readonly fence: number; readonly ownerEpoch: number }
    | { readonly kind: 'abandoned'; readonly everything: boolean };
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly agent: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean } | null;
  readonly usage: UsageView | null;
  readonly timings: Readonly<Record<string, number>>;
  /** The answer, or the part of it that had been written. */
  readonly answer: {
    readonly id: string;
    readonly content: string;
    readonly payloads: readonly unknown[];
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly tokensUsed: number | null;
  } | null;
  /** Frames of the turn that are kept for replay, tokens excluded. Each has its `seq`. */
  readonly events: readonly object[];
  readonly usageRecords: readonly object[];
  readonly outbox: readonly { readonly id: string; readonly type: string; readonly payload: object }[];
  /** The highest number given out so far. */
  readonly lastSeq: number;
}

export interface Settled {
  /** Number of the `message` or `error` frame; `done` has the next one. */
  readonly seq: number;
  readonly created_at: Date;
  readonly queued: number;
}

/**
 * The rows of turns. Every change of a turn takes the conversation's row first and judges in a statement of its own
 * after that: under READ COMMITTED only a new statement sees what the former holder of the lock committed.
 */
@Injectable()
export class TurnRepository {
  findEarlier(tx: TenantTx, principalId: string, clientMessageId: string): Promise<EarlierSubmission | null> {
    return tx.one<EarlierSubmission>(
      `SELECT m.id AS message_id, m.conversation_id, c.client_key, m.fingerprint, t.id AS turn_id, t.status AS turn_status,
              t.attempt, t.ack_seq
         FROM app.message m
         JOIN app.conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
         JOIN LATERAL (
           SELECT id, status, attempt, ack_seq FROM app.turn
            WHERE tenant_id = $1 AND message_id = m.id ORDER BY attempt DESC LIMIT 1) t ON true
        WHERE m.tenant_id = $1 AND m.principal_id = $2 AND m.client_message_id = $3`,
      [tx.tenantId, principalId, clientMessageId],
      'turn_find_earlier',
    );
  }

  /** Locks the conversation, if it is the principal's. */
  lockConversation(tx: TenantTx, principalId: string, id: string): Promise<LockedConversation | null> {
    return tx.one<LockedConversation>(
      `SELECT id, client_key, status, owner, owner_epoch, title_source FROM app.conversation
        WHERE tenant_id = $1 AND id = $2 AND principal_id = $3 FOR UPDATE`,
      [tx.tenantId, id, principalId],
      'turn_lock_conversation',
    );
  }

  /** Makes the conversation of a client's key, or locks the one that has it. */
  async lockConversationByKey(
    tx: TenantTx,
    create: {
      id: string;
      principalId: string;
      key: string;
      channel: string;
      persona: string | null;
      title: string;
    },
  ): Promise<LockedConversation> {
    const [row] = await tx.query<LockedConversation>(
      `INSERT INTO app.conversation (tenant_id, id, principal_id, client_key, channel, persona, title)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (tenant_id, principal_id, client_key) DO UPDATE SET client_key = excluded.client_key
       RETURNING id, client_key, status, owner, owner_epoch, title_source`,
      [tx.tenantId, create.id, create.principalId, create.key, create.channel, create.persona, create.title],
      'turn_lock_conversation_by_key',
    );
    if (row === undefined) throw new Error('An upsert returned no row');
    return row;
  }

  /** Finds a conversation's id by how the client names it. */
  async resolve(tx: TenantTx, principalId: string, reference: ConversationReference): Promise<string | null> {
    if (reference.kind === 'new') return null;
    const row = await tx.one<{ id: string }>(
      `SELECT id FROM app.conversation
        WHERE tenant_id = $1 AND principal_id = $2 AND ${reference.kind === 'id' ? 'id' : 'client_key'} = $3`,
      [tx.tenantId, principalId, reference.kind === 'id' ? reference.id : reference.key],
    );
    return row?.id ?? null;
  }

  /**
   * The first transaction's writing statement, with its commit: message, turn, acknowledgement and, in the same breath, the
   * history that the model will see.
   */
  async open(tx: TenantTx, turn: NewTurn): Promise<OpenedTurn> {
    const [row] = await tx.commitWith<OpenedTurn>(
      OPEN_TURN,
      [
        tx.tenantId,
        turn.conversationId,
        turn.principalId,
        turn.messageId,
        turn.turnId,
        turn.content,
        turn.clientMessageId,
        turn.fingerprint,
        JSON.stringify(turn.metadata),
        JSON.stringify(turn.request),
        turn.attempt,
        turn.revive,
        turn.create === null ? null : JSON.stringify(turn.create),
        turn.instance,
        turn.leaseSeconds,
        turn.historyMessages,
        turn.queueMode,
      ],
      'turn_open',
    );
    if (row === undefined) throw new Error('Opening a turn returned no row');
    return row;
  }

  /** Starts the oldest of this instance's waiting turns, unless one runs. */
  async claimNext(
    tx: TenantTx,
    claim: { conversationId: string; instance: string; leaseSeconds: number; historyMessages: number },
  ): Promise<ClaimedTurn | null> {
    const locked = tx.query('SELECT 1 FROM app.conversation WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
      tx.tenantId,
      claim.conversationId,
    ]);
    const claimed = tx.commitWith<ClaimedTurn>(
      `UPDATE app.turn t
          SET status = 'running', started_at = clock_timestamp(), fence = t.fence + 1,
              lease_until = clock_timestamp() + make_interval(secs => $4),
              owner_epoch = (SELECT c.owner_epoch FROM app.conversation c WHERE c.tenant_id = $1 AND c.id = $2)
        WHERE t.tenant_id = $1
          AND t.id = (SELECT n.id FROM app.turn n WHERE n.tenant_id = $1 AND n.conversation_id = $2
                         AND n.status = 'queued' AND n.lease_owner = $3 ORDER BY n.ack_seq LIMIT 1)
          AND NOT EXISTS (SELECT 1 FROM app.turn r WHERE r.tenant_id = $1 AND r.conversation_id = $2 AND r.status = 'running')
       RETURNING t.id, t.fence, t.owner_epoch, ${history('$1', '$2', '$5')} AS history,
         (SELECT c.last_seq FROM app.conversation c WHERE c.tenant_id = $1 AND c.id = $2) AS last_seq`,
      [tx.tenantId, claim.conversationId, claim.instance, claim.leaseSeconds, claim.historyMessages],
    );
    await locked;
    return (await claimed)[0] ?? null;
  }

  /**
   * The second transaction, in one round trip: outcome, answer, events, usage and outbox together or not at all.
   * @returns null when the turn is no longer ours to settle (fence, owner epoch, or it has ended): nothing was written
   */
  async settle(tx: TenantTx, settlement: Settlement): Promise<Settled | null> {
    const { expect } = settlement;
    const owned = expect.kind === 'owned' ? expect : null;
    const locked = tx.query(
      'SELECT 1 FROM app.conversation WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
      [tx.tenantId, settlement.conversationId],
      'turn_settle_lock',
    );
    const settled = tx.commitWith<Settled>(
      SETTLE_TURN,
      [
        tx.tenantId,
        settlement.conversationId,
        settlement.turnId,
        settlement.userMessageId,
        settlement.status,
        settlement.agent,
        settlement.error === null ? null : JSON.stringify(settlement.error),
        settlement.usage === null ? null : JSON.stringify(settlement.usage),
        JSON.stringify(settlement.timings),
        owned?.instance ?? null,
        owned?.fence ?? null,
        owned?.ownerEpoch ?? null,
        expect.kind === 'abandoned' && expect.everything,
        settlement.answer?.id ?? null,
        settlement.answer?.content ?? null,
        JSON.stringify(settlement.answer?.payloads ?? []),
        JSON.stringify(settlement.answer?.metadata ?? {}),
        settlement.answer?.tokensUsed ?? null,
        JSON.stringify(settlement.events),
        JSON.stringify(settlement.usageRecords),
        JSON.stringify(settlement.outbox),
        settlement.lastSeq,
      ],
      'turn_settle',
    );
    await locked;
    return (await settled)[0] ?? null;
  }

  /** Cancels a turn that waits. @returns whether it did */
  async cancelQueued(tx: TenantTx, turnId: string): Promise<boolean> {
    const rows = await tx.commitWith(
      `WITH ended AS (
         UPDATE app.turn SET status = 'cancelled', ended_at = clock_timestamp(), lease_until = NULL
          WHERE tenant_id = $1 AND id = $2 AND status = 'queued' RETURNING conversation_id, message_id
       ), kept AS (
         UPDATE app.message m SET state = 'partial' FROM ended WHERE m.tenant_id = $1 AND m.id = ended.message_id
       ), counted AS (
         UPDATE app.conversation c SET message_count = message_count + 1, updated_at = now() FROM ended
          WHERE c.tenant_id = $1 AND c.id = ended.conversation_id
       )
       SELECT 1 FROM ended`,
      [tx.tenantId, turnId],
    );
    return rows.length === 1;
  }
}

/** The last messages that the model may see, ascending: those of completed turns only. */
function history(tenant: string, conversation: string, limit: string): string {
  return `(SELECT coalesce(json_agg(json_build_object('role', h.role, 'content', h.content, 'metadata', h.metadata) ORDER BY h.seq), '[]')
     FROM (SELECT seq, role, content,
                  jsonb_strip_nulls(jsonb_build_object('awaiting', metadata->'awaiting',
                    'agents', metadata->'agents', 'language', metadata->'language')) AS metadata
             FROM app.message WHERE tenant_id = ${tenant} AND conversation_id = ${conversation} AND state = 'final'
            ORDER BY seq DESC LIMIT ${limit}) h)`;
}

const CLOCK_SEQ = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';

const OPEN_TURN = `
WITH waiting AS (
  SELECT count(*) FILTER (WHERE status = 'running') AS running, count(*) FILTER (WHERE status = 'queued') AS queued
    FROM app.turn WHERE tenant_id = $1 AND conversation_id = $2 AND status IN ('running', 'queued')
), base AS (
  SELECT greatest(coalesce(c.last_seq, 0) + 1, ${CLOCK_SEQ}) AS seq, coalesce(c.owner_epoch, 0) AS owner_epoch,
         clock_timestamp() AS now,
         CASE WHEN w.running + w.queued = 0 THEN 'running'
              WHEN $17::text = 'reject' OR w.queued >= ${MAX_QUEUED} THEN 'refused'
              ELSE 'queued' END AS verdict
    FROM waiting w LEFT JOIN app.conversation c ON c.tenant_id = $1 AND c.id = $2
), made AS (
  INSERT INTO app.conversation (tenant_id, id, principal_id, channel, persona, title, last_seq)
  SELECT $1, $2, $3, $13::jsonb->>'channel', $13::jsonb->>'persona', $13::jsonb->>'title', base.seq + 1
    FROM base WHERE $13::jsonb IS NOT NULL
), moved AS (
  UPDATE app.conversation c SET last_seq = base.seq + 1, failed_only = false FROM base
   WHERE c.tenant_id = $1 AND c.id = $2 AND base.verdict <> 'refused'
), asked AS (
  INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, principal_id, seq, role, state, content, metadata,
                           client_message_id, fingerprint, created_at)
  SELECT $1, $4, $2, $5, $3, base.seq + 1, 'user', 'pending', $6, $9::jsonb, $7, $8, base.now
    FROM base WHERE base.verdict <> 'refused' AND NOT $12::boolean
), revived AS (
  UPDATE app.message m SET turn_id = $5, seq = base.seq + 1, state = 'pending', created_at = base.now FROM base
   WHERE m.tenant_id = $1 AND m.id = $4 AND base.verdict <> 'refused' AND $12::boolean
), opened AS (
  INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, status, attempt, content, request,
                        owner_epoch, lease_owner, lease_until, fence, ack_seq, created_at, started_at)
  SELECT $1, $5, $2, $3, $4, base.verdict, $11, $6, $10::jsonb, base.owner_epoch, $14,
         base.now + make_interval(secs => $15), 1, base.seq, base.now,
         CASE WHEN base.verdict = 'running' THEN base.now END
    FROM base WHERE base.verdict <> 'refused'
), logged AS (
  INSERT INTO app.turn_event (tenant_id, conversation_id, seq, turn_id, type, frame)
  SELECT $1, $2, base.seq, $5, 'ack', jsonb_build_object('type', 'ack', 'conversation_id', $2::uuid, 'seq', base.seq,
         'turn_id', $5::uuid, 'client_message_id', $7::uuid, 'message_id', $4::uuid)
    FROM base WHERE base.verdict <> 'refused'
)
SELECT base.verdict, base.seq, base.owner_epoch, base.now AS created_at, ${history('$1', '$2', '$16')} AS history FROM base`;

const SETTLE_TURN = `
WITH base AS (
  SELECT greatest(c.last_seq + 1, $22::bigint + 1, ${CLOCK_SEQ}) AS seq, clock_timestamp() AS now
    FROM app.conversation c
    JOIN app.turn t ON t.tenant_id = c.tenant_id AND t.conversation_id = c.id
   WHERE c.tenant_id = $1 AND c.id = $2 AND t.id = $3
     AND CASE WHEN $11::bigint IS NOT NULL
              THEN t.status = 'running' AND t.fence = $11 AND t.lease_owner = $10::uuid
                   AND c.owner = 'agent' AND c.owner_epoch = $12::bigint
              ELSE t.status IN ('running', 'queued') AND ($13::boolean OR t.lease_until < clock_timestamp()) END
), ended AS (
  UPDATE app.turn t SET status = $5, agent = $6, error = $7::jsonb, usage = $8::jsonb, timings = $9::jsonb,
         ended_at = base.now, lease_until = NULL
    FROM base WHERE t.tenant_id = $1 AND t.id = $3
), asked AS (
  UPDATE app.message m
     SET state = CASE $5 WHEN 'completed' THEN 'final' WHEN 'cancelled' THEN 'partial' ELSE 'discarded' END
    FROM base WHERE m.tenant_id = $1 AND m.id = $4
), answered AS (
  INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, seq, role, state, content, payloads, metadata,
                           tokens_used, created_at)
  SELECT $1, $14, $2, $3, base.seq, 'assistant', CASE WHEN $5 = 'completed' THEN 'final' ELSE 'partial' END, $15,
         $16::jsonb, $17::jsonb, $18, base.now
    FROM base WHERE $14::uuid IS NOT NULL
), moved AS (
  UPDATE app.conversation c
     SET last_seq = base.seq + 1,
         message_count = message_count + CASE WHEN $5 = 'failed' THEN 0 WHEN $14::uuid IS NULL THEN 1 ELSE 2 END,
         failed_only = $5 = 'failed' AND c.message_count = 0 AND NOT EXISTS (
           SELECT 1 FROM app.turn w WHERE w.tenant_id = $1 AND w.conversation_id = $2 AND w.id <> $3
              AND w.status IN ('running', 'queued')),
         updated_at = CASE WHEN $5 = 'failed' THEN c.updated_at ELSE base.now END,
         last_interaction_at = CASE WHEN $5 = 'failed' THEN c.last_interaction_at ELSE base.now END
    FROM base WHERE c.tenant_id = $1 AND c.id = $2
), logged AS (
  INSERT INTO app.turn_event (tenant_id, conversation_id, seq, turn_id, type, frame)
  SELECT $1, $2, (e->>'seq')::bigint, $3, e->>'type', e FROM base, jsonb_array_elements($19::jsonb) e
  UNION ALL
  SELECT $1, $2, base.seq, $3, 'error', $7::jsonb || jsonb_build_object('type', 'error', 'conversation_id', $2::uuid,
         'turn_id', $3::uuid, 'seq', base.seq) FROM base WHERE $5 = 'failed'
  UNION ALL
  SELECT $1, $2, base.seq + 1, $3, 'done', jsonb_build_object('type', 'done', 'conversation_id', $2::uuid,
         'turn_id', $3::uuid, 'seq', base.seq + 1, 'status', $5::text, 'usage', $8::jsonb) FROM base
  ON CONFLICT DO NOTHING
), used AS (
  INSERT INTO app.usage_record (tenant_id, id, turn_id, kind, purpose, model, input_tokens, output_tokens, cost_usd)
  SELECT $1, u.id, $3, 'chat', u.purpose, u.model, u.input_tokens, u.output_tokens, u.cost_usd
    FROM base, jsonb_to_recordset($20::jsonb)
      AS u(id uuid, purpose text, model text, input_tokens integer, output_tokens integer, cost_usd numeric)
), posted AS (
  INSERT INTO app.outbox (tenant_id, id, type, payload)
  SELECT $1, o.id, o.type, o.payload FROM base, jsonb_to_recordset($21::jsonb) AS o(id uuid, type text, payload jsonb)
)
SELECT base.seq, base.now AS created_at,
       (SELECT count(*) FROM app.turn w WHERE w.tenant_id = $1 AND w.conversation_id = $2 AND w.status = 'queued'
           AND w.id <> $3)::int AS queued
  FROM base`;
