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

  /**
   * The unique key decides between two at once. A failure that allows another try is begun again in place. Runs of one
   * question (a take-over, and the process that was thought dead) go one after the other. By the tool alone, not by the agent:
   * a message that is routed again may come to another one.
   */
  override async begin(scope: TenantScope, call: JournalledCall): Promise<JournalState> {
    const { attempt, messageId, start } = call.run;
    return this.unitOfWork.run(scope, async (tx) => {
      const [, begun] = await Promise.all([
        tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [messageId]),
        tx.query<{ id: string }>(
          `INSERT INTO app.tool_call AS c (tenant_id, id, turn_id, conversation_id, message_id, attempt, start, agent_key,
             tool_key, idempotency_key, arguments, status)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'started'
            WHERE EXISTS (SELECT 1 FROM app.tool_call e WHERE e.tenant_id = $1 AND e.idempotency_key = $10) OR NOT EXISTS (
              SELECT 1 FROM app.tool_call o
               WHERE o.tenant_id = $1 AND o.message_id = $5 AND o.tool_key = $9 AND o.idempotency_key <> $10
                 AND o.status <> 'failed' AND (o.attempt, o.start) <> ($6, $7))
           ON CONFLICT (tenant_id, idempotency_key) DO UPDATE
             SET status = 'started', turn_id = EXCLUDED.turn_id, attempt = EXCLUDED.attempt, start = EXCLUDED.start,
                 error = NULL, started_at = now(), ended_at = NULL
             WHERE c.status = 'failed' AND (c.error ->> 'retryable')::boolean
           RETURNING c.id`,
          [
            scope.tenantId,
            newId(),
            call.turnId,
            call.conversationId,
            messageId,
            attempt,
            start,
            call.agentKey,
            call.toolKey,
            call.idempotencyKey,
            JSON.stringify(sanitizeToolData(call.arguments)),
          ],
        ),
      ]);
      if (begun.length > 0) return { state: 'new' };
      // This run has come to the call of an earlier one.
      const stored = await tx.one<StoredCall>(
        `UPDATE app.tool_call SET attempt = greatest(attempt, $3),
                start = CASE WHEN (attempt, start) < ($3, $4) THEN $4 ELSE start END
          WHERE tenant_id = $1 AND idempotency_key = $2 RETURNING status, result, error`,
        [scope.tenantId, call.idempotencyKey, attempt, start],
      );
      if (stored === null) return { state: 'doubtful' };
      const result = stored.result ?? stored.error ?? null;
      const settled = stored.status === 'succeeded' || stored.status === 'failed';
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
