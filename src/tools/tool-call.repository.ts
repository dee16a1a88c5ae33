import type { TenantScope } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { type CallStatus, type JournalledCall, type JournalState, ToolCallJournal } from './tool-call.journal.js';
import type { ToolResult } from './tool.js';
import { sanitizeToolData } from './tool-text.js';

interface StoredCall {
  readonly status: 'started' | CallStatus;
  readonly result: ToolResult | null;
  readonly error: ToolResult | null;
}

/** The journal on `app.tool_call`: success in `result`, failure in `error`, each a whole `ToolResult`. */
@Injectable()
export class ToolCallRepository extends ToolCallJournal {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  /** The unique key decides between two at once. A failure that allows another try is begun again in place. */
  override async begin(scope: TenantScope, call: JournalledCall): Promise<JournalState> {
    return this.unitOfWork.run(scope, async (tx) => {
      const begun = await tx.query<{ id: string }>(
        `INSERT INTO app.tool_call AS c
           (tenant_id, id, turn_id, conversation_id, agent_key, tool_key, idempotency_key, arguments, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'started')
         ON CONFLICT (tenant_id, idempotency_key) DO UPDATE
           SET status = 'started', turn_id = EXCLUDED.turn_id, error = NULL, started_at = now(), ended_at = NULL
           WHERE c.status = 'failed' AND (c.error ->> 'retryable')::boolean
         RETURNING c.id`,
        [
          scope.tenantId,
          newId(),
          call.turnId,
          call.conversationId,
          call.agentKey,
          call.toolKey,
          call.idempotencyKey,
          JSON.stringify(sanitizeToolData(call.arguments)),
        ],
      );
      if (begun.length > 0) return { state: 'new' };
      const stored = await tx.one<StoredCall>(
        `SELECT status, result, error FROM app.tool_call WHERE tenant_id = $1 AND idempotency_key = $2`,
        [scope.tenantId, call.idempotencyKey],
      );
      const result = stored?.result ?? stored?.error ?? null;
      const settled = stored?.status === 'succeeded' || stored?.status === 'failed';
      return settled && result !== null ? { state: 'done', result } : { state: 'unknown' };
    });
  }

  override async finish(
    scope: TenantScope,
    idempotencyKey: string,
    status: CallStatus,
    result: ToolResult,
  ): Promise<void> {
    await this.unitOfWork.query(
      scope,
      `UPDATE app.tool_call SET status = $3, result = $4, error = $5, ended_at = now()
       WHERE tenant_id = $1 AND idempotency_key = $2`,
      [
        scope.tenantId,
        idempotencyKey,
        status,
        result.ok ? JSON.stringify(sanitizeToolData(result)) : null,
        result.ok ? null : JSON.stringify(sanitizeToolData(result)),
      ],
    );
  }
}
