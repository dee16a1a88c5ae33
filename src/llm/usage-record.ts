/**
 * `app.usage_record`: a row for each request to a provider that somebody pays for. Rows outlive what caused them: neither
 * turn nor principal is a foreign key, so that deleting a conversation takes nothing from the books.
 *
 * Whoever makes the calls writes the rows, with what the calls gave in one statement where that is possible; this file
 * knows the table. Each row is counted against the tenant's budget by the database itself (`app.spend`), however it comes in. An id is given when a call ends, and one that stands is passed over: writing again is harmless.
 */
import { jsonToStore } from '#platform/text';
import type { TenantScope } from '#platform/context';
import { newId, type UnitOfWork } from '#platform/database';
import type { UsageEntry } from './llm-usage.js';

/** A row, as `jsonb_to_recordset` reads it. */
export interface UsageRow {
  readonly id: string;
  readonly kind: UsageEntry['kind'];
  readonly purpose: string;
  readonly provider: string | null;
  readonly model: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: number | null;
  readonly reckoned_usd: number;
  readonly estimated: boolean;
}

export function usageRow(entry: UsageEntry): UsageRow {
  return {
    id: newId(),
    kind: entry.kind,
    purpose: entry.purpose,
    provider: entry.provider ?? null,
    model: entry.model,
    input_tokens: entry.inputTokens,
    output_tokens: entry.outputTokens,
    cost_usd: entry.costUsd,
    reckoned_usd: entry.reckonedUsd ?? entry.costUsd ?? 0,
    estimated: entry.estimated,
  };
}

/** SQL expressions: placeholders, mostly. */
export interface UsageInsert {
  readonly tenant: string;
  readonly turn: string;
  readonly principal: string;
  /** The rows, as JSON. */
  readonly rows: string;
  /** A relation of the same statement that must hold a row for anything to be written. */
  readonly provided?: string;
}

/** The statement, or a part of a larger one. */
export function insertUsage({ principal, provided, rows, tenant, turn }: UsageInsert): string {
  return `INSERT INTO app.usage_record (tenant_id, id, turn_id, principal_id, kind, purpose, provider, model,
           input_tokens, output_tokens, cost_usd, reckoned_usd, estimated)
         SELECT ${tenant}::uuid, u.id, ${turn}::uuid, ${principal}::uuid, u.kind, u.purpose, u.provider, u.model,
           u.input_tokens, u.output_tokens, u.cost_usd, coalesce(u.reckoned_usd, u.cost_usd, 0), u.estimated
         FROM ${provided === undefined ? '' : `${provided}, `}jsonb_to_recordset(${rows}::jsonb) AS u(id uuid, kind text,
           purpose text, provider text, model text, input_tokens integer, output_tokens integer, cost_usd numeric,
           reckoned_usd numeric, estimated boolean)
         ON CONFLICT (tenant_id, id) DO NOTHING`;
}

const INSERT = insertUsage({ tenant: '$1', turn: '$2', principal: '$3', rows: '$4' });

/** For calls that leave nothing else to write. @throws UnavailableError when the database is away */
export async function recordUsage(
  work: UnitOfWork,
  account: TenantScope & { readonly turnId: string | null; readonly principalId: string | null },
  rows: readonly UsageRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const { principalId, tenantId, turnId } = account;
  await work.query(account, INSERT, [tenantId, turnId, principalId, jsonToStore(rows)]);
}

/** The books stay, without who it was for. */
export async function forgetUser(work: UnitOfWork, scope: TenantScope, principalId: string): Promise<void> {
  const sql = 'UPDATE app.usage_record SET principal_id = NULL WHERE tenant_id = $1 AND principal_id = $2';
  await work.query(scope, sql, [scope.tenantId, principalId]);
}
