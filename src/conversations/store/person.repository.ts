import { Injectable } from '@nestjs/common';
import { newId, type TenantTx } from '#platform/database';
import type { MessageView } from '../model/conversation-event.js';
import { ClientMessageConflictError } from '../model/errors.js';

/** A conversation that is locked for a change of who answers. */
export interface LockedForPeople {
  readonly id: string;
  readonly user_id: string;
  readonly owner: 'agent' | 'human';
  readonly status: 'active' | 'ended';
  readonly last_seq: number;
}

export interface PersonsMessage {
  readonly conversationId: string;
  readonly principalId: string;
  /** The supporter's, as the user is shown it. */
  readonly name: string;
  readonly content: string;
  readonly clientMessageId: string | null;
}

/** What a commit of a person's message gave out. */
export interface Said {
  readonly id: string;
  readonly seq: number;
  readonly previous: number;
  readonly created_at: Date;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** It was there already. */
  readonly repeated: boolean;
}

const SEQ = `greatest(c.last_seq + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)`;

const SAY = `
WITH base AS (
  SELECT ${SEQ} AS seq, c.last_seq AS previous, date_trunc('milliseconds', clock_timestamp()) AS now
    FROM app.conversation c WHERE c.tenant_id = $1 AND c.id = $2 AND c.owner = 'human' AND c.status = 'active'
), said AS (
  INSERT INTO app.message (tenant_id, id, conversation_id, principal_id, seq, role, state, content, metadata,
                           client_message_id, created_at)
  SELECT $1, $3, $2, $4, base.seq, 'supporter', 'final', $5, $6::jsonb, $7, base.now FROM base
), moved AS (
  UPDATE app.conversation c SET last_seq = base.seq, message_count = c.message_count + 1, failed_only = false,
         updated_at = base.now, last_interaction_at = base.now
    FROM base WHERE c.tenant_id = $1 AND c.id = $2
)
SELECT $3::uuid AS id, seq, previous, now AS created_at FROM base`;

const NOTE = `
WITH base AS (
  SELECT ${SEQ} AS seq FROM app.conversation c WHERE c.tenant_id = $1 AND c.id = $2
), noted AS (
  INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, state, content, metadata)
  SELECT $1, $3, $2, base.seq, 'system', 'noted', $4, '{}' FROM base
), moved AS (
  UPDATE app.conversation c SET last_seq = base.seq FROM base WHERE c.tenant_id = $1 AND c.id = $2
)
SELECT seq FROM base`;

/** Who answers a conversation, and what people say in it. Each change takes the conversation's row first, as turns do. */
@Injectable()
export class PersonRepository {
  lock(tx: TenantTx, conversationId: string): Promise<LockedForPeople | null> {
    return tx.one<LockedForPeople>(
      `SELECT id, principal_id AS user_id, owner, status, last_seq FROM app.conversation
        WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
      [tx.tenantId, conversationId],
    );
  }

  /** One more epoch where the owner is another one: no answer of a turn that began under an earlier one is stored any more. */
  async own(tx: TenantTx, conversationId: string, owner: 'agent' | 'human'): Promise<void> {
    await tx.execute(
      `UPDATE app.conversation SET owner = $3, owner_epoch = owner_epoch + 1, updated_at = clock_timestamp()
        WHERE tenant_id = $1 AND id = $2 AND owner <> $3`,
      [tx.tenantId, conversationId, owner],
    );
  }

  async setStatus(tx: TenantTx, conversationId: string, status: 'active' | 'ended'): Promise<void> {
    await tx.execute(
      'UPDATE app.conversation SET status = $3, updated_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2',
      [tx.tenantId, conversationId, status],
    );
  }

  /** The same message, sent before. @throws ClientMessageConflictError when the client's id was used for something else */
  async earlier(tx: TenantTx, message: PersonsMessage): Promise<Said | null> {
    const { clientMessageId, content, conversationId, principalId } = message;
    if (clientMessageId === null) return null;
    const earlier = await tx.one<Said & { conversation_id: string; content: string; role: MessageView['role'] }>(
      `SELECT id, conversation_id, role, content, seq, seq - 1 AS previous, created_at, metadata FROM app.message
        WHERE tenant_id = $1 AND principal_id = $2 AND client_message_id = $3`,
      [tx.tenantId, principalId, clientMessageId],
    );
    if (earlier === null) return null;
    const same = earlier.conversation_id === conversationId && earlier.content === content;
    if (!same || earlier.role !== 'supporter') throw new ClientMessageConflictError();
    return { ...earlier, repeated: true };
  }

  /** Under the conversation's lock. @returns null when no person owns the conversation, or it has ended */
  async say(tx: TenantTx, message: PersonsMessage): Promise<Said | null> {
    const { clientMessageId, content, conversationId, name, principalId } = message;
    const metadata = { supporter: { name } };
    const said = await tx.one<Omit<Said, 'metadata' | 'repeated'>>(SAY, [
      tx.tenantId,
      conversationId,
      newId(),
      principalId,
      content,
      JSON.stringify(metadata),
      clientMessageId,
    ]);
    return said === null ? null : { ...said, metadata, repeated: false };
  }

  /** For the agent's next turn; no reader is shown it. @returns its number */
  async note(tx: TenantTx, conversationId: string, content: string): Promise<number> {
    const row = await tx.one<{ seq: number }>(NOTE, [tx.tenantId, conversationId, newId(), content]);
    return row?.seq ?? 0;
  }
}
