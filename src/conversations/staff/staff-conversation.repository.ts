import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { ConversationView } from '../store/conversation.repository.js';

/** A conversation with whose it is. */
export interface StaffConversation extends ConversationView {
  readonly user: { readonly id: string; readonly name: string; readonly email: string | null };
}

export interface ConversationFilter {
  /** Words in the title or in a message, in any case. */
  readonly q?: string;
  readonly userId?: string;
  readonly agent?: string;
  readonly channel?: string;
  readonly owner?: 'agent' | 'human';
  readonly status?: 'active' | 'ended';
  readonly rating?: 'up' | 'down';
  /** Of the last interaction: from is included, to is not. */
  readonly from?: string;
  readonly to?: string;
}

/** Both in both directions, descending with a minus. */
export const CONVERSATION_SORTS = ['-last_interaction_at', 'last_interaction_at', '-created_at', 'created_at'] as const;
export type ConversationSort = (typeof CONVERSATION_SORTS)[number];

type Row = Omit<StaffConversation, 'last_interaction_at' | 'created_at' | 'updated_at' | 'user'> & {
  readonly last_interaction_at: Date;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly user_name: string;
  readonly user_email: string | null;
};

const SELECT = `SELECT c.id, c.client_key, c.principal_id AS user_id, c.persona, c.channel, c.title, c.status, c.owner, c.summary,
    c.message_count, c.metadata, c.last_interaction_at, c.created_at, c.updated_at, p.name AS user_name, p.email AS user_email
  FROM app.conversation c JOIN app.principal p ON p.tenant_id = c.tenant_id AND p.id = c.principal_id`;
/** Word for word the condition of `conversation_staff_idx`. */
const LISTED = '(c.message_count > 0 OR NOT c.failed_only)';

/** Conversations of all users of a tenant, for staff. */
@Injectable()
export class StaffConversationRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async page(
    scope: TenantScope,
    filter: ConversationFilter,
    page: { sort: ConversationSort; limit: number; after: { at: string; id: string } | null },
  ): Promise<StaffConversation[]> {
    const values: unknown[] = [scope.tenantId];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const descending = page.sort.startsWith('-');
    // An id begins with the time that it was made at, and leads the primary key with the tenant.
    const byCreation = page.sort.endsWith('created_at');
    const conditions = ['c.tenant_id = $1', LISTED, ...conditionsOf(filter, bind)];
    if (page.after !== null) {
      const compare = descending ? '<' : '>';
      conditions.push(
        byCreation
          ? `c.id ${compare} ${bind(page.after.id)}::uuid`
          : `(c.last_interaction_at, c.id) ${compare} (${bind(page.after.at)}::timestamptz, ${bind(page.after.id)}::uuid)`,
      );
    }
    const order = descending ? 'DESC' : 'ASC';
    const rows = await this.unitOfWork.query<Row>(
      scope,
      `${SELECT} WHERE ${conditions.join(' AND ')} ORDER BY ${byCreation ? '' : `c.last_interaction_at ${order}, `}c.id ${order} LIMIT ${bind(page.limit)}`,
      values,
    );
    return rows.map(toView);
  }

  async find(tx: TenantTx, id: string): Promise<StaffConversation | null> {
    const row = await tx.one<Row>(`${SELECT} WHERE c.tenant_id = $1 AND c.id = $2`, [tx.tenantId, id]);
    return row === null ? null : toView(row);
  }
}

function* conditionsOf(filter: ConversationFilter, bind: (value: unknown) => string): Generator<string> {
  const inMessages = (condition: string) =>
    `EXISTS (SELECT 1 FROM app.message m WHERE m.tenant_id = $1 AND m.conversation_id = c.id AND m.state <> 'discarded'
       AND ${condition})`;
  if (filter.q !== undefined) {
    const pattern = bind(`%${filter.q.replace(/[\\%_]/g, '\\$&')}%`);
    yield `(c.title ILIKE ${pattern} OR ${inMessages(`m.content ILIKE ${pattern}`)})`;
  }
  if (filter.userId !== undefined) yield `c.principal_id = ${bind(filter.userId)}`;
  if (filter.agent !== undefined) yield inMessages(`m.metadata -> 'agents' ? ${bind(filter.agent)}`);
  if (filter.channel !== undefined) yield `c.channel = ${bind(filter.channel)}`;
  if (filter.owner !== undefined) yield `c.owner = ${bind(filter.owner)}`;
  if (filter.status !== undefined) yield `c.status = ${bind(filter.status)}`;
  if (filter.rating !== undefined)
    yield `EXISTS (SELECT 1 FROM app.feedback f
       WHERE f.tenant_id = $1 AND f.conversation_id = c.id AND f.rating = ${bind(filter.rating)})`;
  if (filter.from !== undefined) yield `c.last_interaction_at >= ${bind(filter.from)}`;
  if (filter.to !== undefined) yield `c.last_interaction_at < ${bind(filter.to)}`;
}

function toView({ user_email: email, user_name: name, ...row }: Row): StaffConversation {
  return {
    ...row,
    last_interaction_at: row.last_interaction_at.toISOString(),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    user: { id: row.user_id, name, email },
  };
}
