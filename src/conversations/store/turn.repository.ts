import { jsonToStore } from '#platform/text';
import { Injectable } from '@nestjs/common';
import type { HistoryMessage } from '#agents';
import type { Principal } from '#platform/context';
import { isUuid, type TenantTx, UnitOfWork } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import type { TurnErrorView, TurnStatus, UsageView } from '../model/conversation-event.js';
import type { ConversationReference } from '../model/submit.js';
import { CLAIM_TURN, OPEN_TURN, SETTLE_TURN } from './turn.sql.js';

/** In place of an owner, for a turn that its owner has given back. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
/** A renewal that takes longer than this is tried again on another connection. */
const LOOK_DEADLINE_MS = 2500;

export interface LockedConversation {
  readonly id: string;
  readonly client_key: string | null;
  readonly status: 'active' | 'ended';
  readonly title_source: 'default' | 'automatic' | 'user';
  readonly owner: 'agent' | 'human';
}

/** A question that is to be asked again, and what was asked for with it. */
export interface AskedQuestion {
  readonly conversation_id: string;
  readonly message_id: string;
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly client_message_id: string | null;
  readonly request: TurnRequest;
}

/** What of a question that is to be asked again only counts while its conversation is locked. */
export interface LastAsked {
  readonly message_id: string;
  /** Of its newest turn. */
  readonly turn_id: string;
  readonly status: TurnStatus;
  readonly attempt: number;
  readonly state: 'pending' | 'final' | 'partial' | 'discarded';
  /** Somebody has written since. */
  readonly is_followed: boolean;
}

/** An earlier message with the same client id, and the latest turn that it started (none: a person owned the conversation). */
export interface EarlierSubmission {
  readonly message_id: string;
  readonly conversation_id: string;
  readonly client_key: string | null;
  /** null where the message had no client id. */
  readonly fingerprint: Buffer | null;
  readonly turn_id: string | null;
  readonly turn_status: TurnStatus | null;
  readonly attempt: number;
}

/** What any instance needs to run a turn that another one accepted. */
export interface TurnRequest {
  readonly agent: string | null;
  readonly channel: string;
  readonly on_disconnect: 'continue' | 'cancel';
  readonly started_by: string;
  readonly role: string;
  readonly persona: string | null;
  readonly session_id: string | null;
  readonly correlation_id: string;
}

export interface NewTurn {
  readonly conversationId: string;
  readonly principalId: string;
  readonly messageId: string;
  readonly turnId: string;
  readonly answerId: string;
  readonly content: string;
  readonly clientMessageId: string | null;
  readonly fingerprint: Buffer | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly request: TurnRequest;
  readonly attempt: number;
  /** The failed turn of the message, which is there already, that this one tries again. */
  readonly retries: string | null;
  /** The message is there and has been answered: it is asked again. */
  readonly again: boolean;
  /** Set: the conversation is made in the same statement. */
  readonly create: { readonly channel: string; readonly persona: string | null; readonly title: string } | null;
  readonly instance: string;
  readonly leaseSeconds: number;
  readonly historyMessages: number;
  readonly queueMode: 'queue' | 'reject' | 'interrupt';
  /** The turn waits, although nothing runs in its conversation: this instance has no place for it, or others wait for one. */
  readonly wait: boolean;
}

export interface OpenedTurn {
  /**
   * `handed_off`: a person owns the conversation, and the message is theirs to answer. `refused` (too many wait) and
   * `repeated` (the failed turn was tried again by somebody else meanwhile) write nothing.
   */
  readonly verdict: 'running' | 'queued' | 'refused' | 'repeated' | 'handed_off';
  /** Number of the question's `message`. */
  readonly seq: number;
  /** The highest number that a commit had given out before. */
  readonly previous: number;
  readonly owner_epoch: number;
  readonly created_at: Date;
  readonly history: readonly HistoryMessage[];
  /** Answers to the same question, whose place this one takes. */
  readonly replaces: readonly string[];
}

/** Which running turns a claim may take (see `CLAIM_TURN`). */
export type Take = 'expired' | 'dead' | 'unbegun';

export interface ClaimedTurn {
  readonly id: string;
  readonly message_id: string;
  readonly answer_id: string;
  readonly attempt: number;
  readonly start: number;
  readonly fence: number;
  readonly content: string;
  readonly request: TurnRequest;
  readonly owner: 'agent' | 'human';
  readonly owner_epoch: number;
  readonly principal_id: string;
  readonly created_at: Date;
  readonly seq: number;
  readonly last_seq: number;
  readonly client_key: string | null;
  readonly title_source: 'default' | 'automatic' | 'user';
  readonly client_message_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly history: readonly HistoryMessage[];
  /** Answers to the same question, whose place this one takes. */
  readonly replaces: readonly string[];
}

export interface Settlement {
  readonly turnId: string;
  readonly conversationId: string;
  /** What the turn must still be, or the settlement changes nothing. */
  readonly expect:
    | { readonly kind: 'owned'; readonly instance: string; readonly fence: number; readonly ownerEpoch: number }
    | { readonly kind: 'queued' | 'expired' | 'any' };
  readonly status: 'completed' | 'failed' | 'cancelled' | 'handed_off';
  readonly agent: string | null;
  readonly error: TurnErrorView | null;
  readonly usage: UsageView | null;
  readonly timings: Readonly<Record<string, number>>;
  /** The answer, or the part of it that had been written; stored under the turn's `answer_id`. */
  readonly answer: StoredAnswer | null;
  readonly usageRecords: readonly object[];
  readonly outbox: readonly { readonly id: string; readonly type: string; readonly payload: object }[];
  /** The highest number given out so far. */
  readonly lastSeq: number;
}

export interface StoredAnswer {
  readonly content: string;
  readonly payloads: readonly unknown[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tokensUsed: number | null;
}

export interface Settled {
  /** As it was written: `handed_off` where a person had taken over meanwhile. */
  readonly status: 'completed' | 'failed' | 'cancelled' | 'handed_off';
  /** Number of the `message` or `error` frame; `done` has the next one. */
  readonly seq: number;
  readonly previous: number;
  readonly created_at: Date;
  /** The turn that may run now, and the instance to wake for it. */
  readonly next: { readonly turn_id: string; readonly accepted_by: string } | null;
}

/** Turns that ended because a person took over. */
export interface HandedOff {
  readonly turns: readonly { readonly id: string; readonly lease_owner: string | null }[];
  /** The last number given out by it; 0: there were none. */
  readonly seq: number;
}

/** A turn that is not over, as the database has it. */
export interface OpenTurn {
  readonly id: string;
  readonly status: 'queued' | 'running';
  readonly attempt: number;
  readonly start: number;
  readonly fence: number;
  readonly message_id: string;
  readonly answer_id: string;
  readonly agent: string | null;
  readonly lease_owner: string | null;
}

export interface ConversationPosition {
  /** The highest number that a commit gave out. */
  readonly last_seq: number;
  readonly open: readonly OpenTurn[];
}

export interface TurnTask {
  /** `last_start`: as `take_over`, for the last time. */
  readonly task:
    'lost' | 'cancel' | 'suspended' | 'changed' | 'take_over' | 'last_start' | 'give_up' | 'cancelled' | 'waiting';
  readonly tenant_id: string;
  /** null: it is the conversation that has changed. */
  readonly turn_id: string | null;
  readonly conversation_id: string;
}

/**
 * The rows of turns. Every change of a turn takes the conversation's row first and judges in a statement of its own
 * after that: under READ COMMITTED only a new statement sees what the former holder of the lock committed.
 */
@Injectable()
export class TurnRepository {
  constructor(private readonly uow: UnitOfWork) {}

  /**
   * Keeps a visitor's session from ending before the transaction does: a visitor's conversations become a person's when
   * their sessions end, and one that is begun meanwhile would be nobody's.
   * @throws UnauthorizedError when it has ended since the request was let in
   */
  async holdSession(tx: TenantTx, { role, sessionId }: Principal): Promise<void> {
    if (role !== 'visitor' || sessionId === null) return;
    const sql = 'SELECT 1 FROM app.session WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL FOR SHARE';
    const held = await tx.query(sql, [tx.tenantId, sessionId], 'turn_hold_session');
    if (held.length === 0) throw new UnauthorizedError('Your session has ended: sign in again');
  }

  findEarlier(tx: TenantTx, principalId: string, clientMessageId: string): Promise<EarlierSubmission | null> {
    return tx.one<EarlierSubmission>(
      `SELECT m.id AS message_id, m.conversation_id, c.client_key, m.fingerprint, t.id AS turn_id, t.status AS turn_status,
              coalesce(t.attempt, 0) AS attempt
         FROM app.message m
         JOIN app.conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
         LEFT JOIN app.turn t ON t.tenant_id = m.tenant_id AND t.id = m.turn_id
        WHERE m.tenant_id = $1 AND m.principal_id = $2 AND m.client_message_id = $3`,
      [tx.tenantId, principalId, clientMessageId],
      'turn_find_earlier',
    );
  }

  /** The submission of a commit that may have been written: by its turn, or (a person answers, without one) its message. */
  findLanded(tx: TenantTx, draft: { turnId: string; messageId: string }): Promise<EarlierSubmission | null> {
    return tx.one<EarlierSubmission>(
      `SELECT m.id AS message_id, m.conversation_id, c.client_key, m.fingerprint, t.id AS turn_id, t.status AS turn_status,
              coalesce(t.attempt, 0) AS attempt
         FROM app.message m
         JOIN app.conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
         LEFT JOIN app.turn t ON t.tenant_id = m.tenant_id AND t.id = m.turn_id
        WHERE m.tenant_id = $1
          AND m.id = coalesce((SELECT message_id FROM app.turn WHERE tenant_id = $1 AND id = $2), $3)`,
      [tx.tenantId, draft.turnId, draft.messageId],
    );
  }

  /** Locks the conversation, if it is the principal's. */
  lockConversation(tx: TenantTx, principalId: string, id: string): Promise<LockedConversation | null> {
    return tx.one<LockedConversation>(
      `SELECT id, client_key, status, title_source, owner FROM app.conversation
        WHERE tenant_id = $1 AND id = $2 AND principal_id = $3 FOR UPDATE`,
      [tx.tenantId, id, principalId],
      'turn_lock_conversation',
    );
  }

  /** Makes the conversation of a client's key, or locks the one that has it: by its own id, or by that key. */
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
    const named = isUuid(create.key) ? await this.lockConversation(tx, create.principalId, create.key) : null;
    if (named !== null) return named;
    const [row] = await tx.query<LockedConversation>(
      `INSERT INTO app.conversation (tenant_id, id, principal_id, client_key, channel, persona, title)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (tenant_id, principal_id, client_key) DO UPDATE SET client_key = excluded.client_key
       RETURNING id, client_key, status, title_source, owner`,
      [tx.tenantId, create.id, create.principalId, create.key, create.channel, create.persona, create.title],
      'turn_lock_conversation_by_key',
    );
    if (row === undefined) throw new Error('An upsert returned no row');
    return row;
  }

  /** The question of one of the principal's turns. */
  findAsked(
    tx: TenantTx,
    principalId: string,
    target: { readonly turnId: string; readonly conversationId: string | null },
  ): Promise<AskedQuestion | null> {
    return tx.one<AskedQuestion>(
      `SELECT t.conversation_id, t.message_id, t.content, m.metadata, m.client_message_id, t.request
         FROM app.turn t
         JOIN app.conversation c ON c.tenant_id = t.tenant_id AND c.id = t.conversation_id
         JOIN app.message m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
        WHERE t.tenant_id = $1 AND t.id = $2 AND c.principal_id = $3 AND ($4::uuid IS NULL OR t.conversation_id = $4)`,
      [tx.tenantId, target.turnId, principalId, target.conversationId],
    );
  }

  /** The last question of a conversation that this transaction has locked. */
  lastAsked(tx: TenantTx, conversationId: string): Promise<LastAsked | null> {
    return tx.one<LastAsked>(
      `SELECT t.message_id, t.id AS turn_id, t.status, t.attempt, m.state, EXISTS (
                SELECT 1 FROM app.message later WHERE later.tenant_id = $1 AND later.conversation_id = $2
                   AND later.seq > m.seq AND later.role IN ('user', 'supporter') AND later.state <> 'discarded') AS is_followed
         FROM app.turn t JOIN app.message m ON m.tenant_id = t.tenant_id AND m.id = t.message_id
        WHERE t.tenant_id = $1 AND t.conversation_id = $2 ORDER BY t.seq DESC LIMIT 1`,
      [tx.tenantId, conversationId],
    );
  }

  /** Removes a conversation that this transaction made for a message that turned out to belong elsewhere. */
  async unmake(tx: TenantTx, conversationId: string): Promise<void> {
    await tx.execute('DELETE FROM app.conversation WHERE tenant_id = $1 AND id = $2', [tx.tenantId, conversationId]);
  }

  /** Finds a conversation's id by how the client names it. */
  async resolve(tx: TenantTx, principalId: string, reference: ConversationReference): Promise<string | null> {
    if (reference.kind === 'new') return null;
    const { id, key } = namesOf(reference);
    const [row] = await tx.query<{ id: string }>(
      `SELECT id FROM app.conversation
        WHERE tenant_id = $1 AND principal_id = $2 AND (id = $3 OR client_key = $4) ORDER BY id = $3 DESC LIMIT 1`,
      [tx.tenantId, principalId, id, key],
    );
    return row?.id ?? null;
  }

  /**
   * The first transaction's writing statement, with its commit: message, turn and, in the same breath, the history that
   * the model will see.
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
        turn.retries,
        turn.create === null ? null : JSON.stringify(turn.create),
        turn.instance,
        turn.leaseSeconds,
        turn.historyMessages,
        turn.queueMode,
        turn.wait,
        turn.answerId,
        turn.again,
      ],
      'turn_open',
    );
    if (row === undefined) throw new Error('Opening a turn returned no row');
    return row;
  }

  /**
   * Takes a turn to run: one that waits and whose time has come, or a running one of those that `take` names.
   * @returns null when there is nothing to take any more
   * @throws the database's `lock_not_available` when somebody else is at the conversation: ask again later
   */
  async claim(
    tx: TenantTx,
    claim: {
      conversationId: string;
      turnId: string;
      instance: string;
      leaseSeconds: number;
      historyMessages: number;
      take: Take;
      /** A running turn that was begun more often than this is left alone. */
      mostStarts: number;
    },
  ): Promise<ClaimedTurn | null> {
    const locked = tx.query('SELECT 1 FROM app.conversation WHERE tenant_id = $1 AND id = $2 FOR UPDATE NOWAIT', [
      tx.tenantId,
      claim.conversationId,
    ]);
    const claimed = tx.commitWith<ClaimedTurn>(
      CLAIM_TURN,
      [
        tx.tenantId,
        claim.conversationId,
        claim.turnId,
        claim.instance,
        claim.leaseSeconds,
        claim.historyMessages,
        claim.take,
        claim.mostStarts,
      ],
      'turn_claim',
    );
    const [lock, rows] = await Promise.allSettled([locked, claimed]);
    if (lock.status === 'rejected') throw lock.reason;
    if (rows.status === 'rejected') throw rows.reason;
    return rows.value[0] ?? null;
  }

  /**
   * The second transaction, in one round trip: outcome, answer, usage and outbox together or not at all.
   * @param beside what else belongs in the same commit where the turn has ended as it was meant to; costs a round trip
   * @returns null when the turn is no longer what it was expected to be: nothing was written
   */
  async settle(
    tx: TenantTx,
    settlement: Settlement,
    beside?: (tx: TenantTx) => Promise<void>,
  ): Promise<Settled | null> {
    const locked = tx.query(
      'SELECT 1 FROM app.conversation WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
      [tx.tenantId, settlement.conversationId],
      'turn_settle_lock',
    );
    const values = settlementValues(tx, settlement);
    const settled =
      beside === undefined
        ? tx.commitWith<Settled>(SETTLE_TURN, values, 'turn_settle')
        : tx.query<Settled>(SETTLE_TURN, values, 'turn_settle');
    const [lock, rows] = await Promise.allSettled([locked, settled]);
    if (lock.status === 'rejected') throw lock.reason;
    if (rows.status === 'rejected') throw rows.reason;
    const [row] = rows.value;
    if (beside !== undefined && row?.status === settlement.status) await beside(tx);
    return row ?? null;
  }

  /** Ends all that runs or waits in a conversation, whose lock the transaction holds: a person answers from now on. */
  async handOff(tx: TenantTx, conversationId: string): Promise<HandedOff> {
    const turns = await tx.query<{ id: string; lease_owner: string | null }>(
      `SELECT id, lease_owner FROM app.turn
        WHERE tenant_id = $1 AND conversation_id = $2 AND status IN ('queued', 'running') ORDER BY (status = 'queued'), seq`,
      [tx.tenantId, conversationId],
    );
    let seq = 0;
    for (const { id: turnId } of turns) {
      const values = settlementValues(tx, { ...NOTHING_ANSWERED, conversationId, turnId });
      const [settled] = await tx.query<Settled>(SETTLE_TURN, values, 'turn_settle');
      if (settled !== undefined) seq = settled.seq + 1;
    }
    return { turns, seq };
  }

  /** The principal's turns that are not over, oldest first. */
  openOf(
    tx: TenantTx,
    principalId: string,
    target: { turnId?: string | undefined; conversationId?: string | undefined; startedBy?: string | undefined },
  ): Promise<
    { id: string; conversation_id: string; status: 'queued' | 'running'; lease_owner: string | null; fence: number }[]
  > {
    return tx.query(
      `SELECT t.id, t.conversation_id, t.status, t.lease_owner, t.fence
         FROM app.turn t
        WHERE t.tenant_id = $1 AND t.principal_id = $2 AND t.status IN ('queued', 'running')
          AND ($3::uuid IS NULL OR t.id = $3) AND ($4::uuid IS NULL OR t.conversation_id = $4)
          AND ($5::text IS NULL OR t.request->>'started_by' = $5)
        ORDER BY t.seq`,
      [tx.tenantId, principalId, target.turnId ?? null, target.conversationId ?? null, target.startedBy ?? null],
    );
  }

  /** Asks whoever runs a turn to stop it; durable, so that an owner who hears nothing finds it with its next renewal. */
  async requestCancel(tx: TenantTx, turnId: string): Promise<void> {
    await tx.execute(
      `UPDATE app.turn SET cancel_requested = true WHERE tenant_id = $1 AND id = $2 AND status = 'running'`,
      [tx.tenantId, turnId],
    );
  }

  /** Up to where a conversation is stored and which of its turns are not over, of one moment; the one that runs first. */
  position(tx: TenantTx, conversationId: string): Promise<ConversationPosition | null> {
    return tx.one<ConversationPosition>(
      `SELECT c.last_seq, (
         SELECT coalesce(json_agg(json_build_object('id', t.id, 'status', t.status, 'attempt', t.attempt, 'start', t.start,
                  'fence', t.fence, 'message_id', t.message_id, 'answer_id', t.answer_id, 'lease_owner', t.lease_owner,
                  'agent', coalesce(t.agent, t.request->>'agent')) ORDER BY (t.status = 'queued'), t.seq), '[]')
           FROM app.turn t WHERE t.tenant_id = $1 AND t.conversation_id = $2 AND t.status IN ('queued', 'running')) AS open
         FROM app.conversation c WHERE c.tenant_id = $1 AND c.id = $2`,
      [tx.tenantId, conversationId],
    );
  }

  /** Gives a running turn back: whoever looks next begins it again. It is nobody's then, so that no renewal under way revives it. */
  async release(scope: { tenantId: string }, turn: { turnId: string; instance: string; fence: number }): Promise<void> {
    await this.uow.query(
      scope,
      `UPDATE app.turn SET lease_until = clock_timestamp() - interval '1 second', lease_owner = '${NOBODY}'
        WHERE tenant_id = $1 AND id = $2 AND lease_owner = $3 AND fence = $4 AND status = 'running'`,
      [scope.tenantId, turn.turnId, turn.instance, turn.fence],
    );
  }

  /** What one instance has to do now; renews the leases of what it holds (see `app.look_after`). */
  lookAfter(look: {
    instance: string;
    held: readonly { tenant: string; turn: string; fence: number; renew: boolean }[];
    watched: readonly { tenant: string; turn: string; conversation: string; status: string; fence: number }[];
    /** Conversations that readers here listen to and were told of up to `seq`, where no news come of them. */
    listened: readonly { tenant: string; conversation: string; seq: number }[];
    leaseSeconds: number;
    everything: boolean;
    room: number;
    /** Tenants whose turns began here lately, the least recent first. */
    served: readonly string[];
  }): Promise<TurnTask[]> {
    return this.uow.lookup<TurnTask>(
      'SELECT task, tenant_id, turn_id, conversation_id FROM app.look_after($1, $2, $3, $4, $5, $6, $7, $8)',
      [
        look.instance,
        JSON.stringify(look.held),
        JSON.stringify(look.watched),
        JSON.stringify(look.listened),
        look.leaseSeconds,
        look.everything,
        look.room,
        look.served,
      ],
      { deadlineMs: LOOK_DEADLINE_MS },
    );
  }

  /** Turns of all tenants that could run and do not, `most` at most: what `lookAfter` tells an instance that holds nothing. */
  async countWaiting(instance: string, most: number): Promise<number> {
    const look = {
      instance,
      held: [],
      watched: [],
      listened: [],
      leaseSeconds: 0,
      everything: false,
      room: most,
      served: [],
    };
    return (await this.lookAfter(look)).filter(({ task }) => task === 'waiting').length;
  }
}

/** The values of `SETTLE_TURN`, in their order. */
function settlementValues(tx: TenantTx, settlement: Settlement): unknown[] {
  const { answer, expect } = settlement;
  const owned = expect.kind === 'owned' ? expect : null;
  return [
    tx.tenantId,
    settlement.conversationId,
    settlement.turnId,
    settlement.status,
    settlement.agent,
    settlement.error === null ? null : jsonToStore(settlement.error),
    settlement.usage === null ? null : jsonToStore(settlement.usage),
    JSON.stringify(settlement.timings),
    jsonToStore(settlement.usageRecords),
    owned?.instance ?? null,
    owned?.fence ?? null,
    owned?.ownerEpoch ?? null,
    expect.kind,
    answer?.content ?? null,
    jsonToStore(answer?.payloads ?? []),
    jsonToStore(answer?.metadata ?? {}),
    answer?.tokensUsed ?? null,
    jsonToStore(settlement.outbox),
    settlement.lastSeq,
  ];
}

const NOTHING_ANSWERED: Omit<Settlement, 'conversationId' | 'turnId'> = {
  expect: { kind: 'any' },
  status: 'handed_off',
  error: null,
  agent: null,
  usage: null,
  timings: {},
  answer: null,
  usageRecords: [],
  outbox: [],
  lastSeq: 0,
};

/** What a client's word for a conversation may be: a key that equals the id of one means that one. */
function namesOf(reference: ConversationReference): { readonly id: string | null; readonly key: string | null } {
  switch (reference.kind) {
    case 'new':
      return { id: null, key: null };
    case 'id':
      return { id: reference.id, key: null };
    case 'key':
      return { id: isUuid(reference.key) ? reference.key.toLowerCase() : null, key: reference.key };
  }
}
