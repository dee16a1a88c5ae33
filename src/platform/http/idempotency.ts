import { ConflictError, InvalidInputError } from '#platform/errors';
import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import type { SealedColumn } from '#platform/sealed';
import { type SealedFor, SecretBox } from '#platform/secrets';
import { Injectable } from '@nestjs/common';

/** A creation's answer, as it is given again to a repeat. */
export interface StoredAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}

interface Row {
  readonly same: boolean;
  readonly finished: boolean;
  readonly sealed: Buffer | null;
}

const ABANDONED_AFTER = '2 minutes';

/**
 * `Idempotency-Key` on creations: a key belongs to one caller and one request. Answers are sealed, because some show a
 * secret once. A row without an answer is a request that still runs, or one whose process died: after two minutes a
 * repeat may take it over.
 */
@Injectable()
export class IdempotencyKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly secretBox: SecretBox,
  ) {}

  /**
   * Does what was asked for the first time, and gives the same answer afterwards.
   * @param request `fingerprint` is all of what was asked
   * @throws ConflictError when the key was used for something else, or the first request still runs; what `work` throws
   */
  async once(
    ctx: RequestContext,
    { fingerprint, key }: { readonly key: string; readonly fingerprint: string },
    work: () => Promise<StoredAnswer>,
  ): Promise<StoredAnswer & { readonly replayed: boolean }> {
    const earlier = await this.claim(ctx, key, fingerprint);
    if (earlier !== null) return { ...earlier, replayed: true };
    let answer: StoredAnswer;
    try {
      answer = await work();
    } catch (error) {
      // What went wrong is what its caller has to hear of.
      await this.release(ctx, key).catch(() => undefined);
      throw error;
    }
    await this.finish(ctx, key, answer);
    return { ...answer, replayed: false };
  }

  /**
   * Claims the key for this request.
   * @returns the answer of the earlier request with the same key, or null when the caller should go on
   * @throws ConflictError when the key was used for something else, or the first request still runs
   */
  async claim(ctx: RequestContext, key: string, fingerprint: string): Promise<StoredAnswer | null> {
    if (key.trim() === '' || key.length > 200) {
      throw new InvalidInputError('Idempotency-Key: must have 1 to 200 characters', { field: 'Idempotency-Key' });
    }
    // Of previous keys too: a repeat is one also after the key was replaced.
    const hashes = this.secretBox.digests('idempotency.request', fingerprint);
    const [hash] = hashes;
    const row = await this.unitOfWork.run(ctx, async (tx) => {
      const claimed = await tx.execute(
        `INSERT INTO app.idempotency_key AS k (tenant_id, principal_id, key, request_hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id, principal_id, key) DO UPDATE SET request_hash = $4, created_at = now()
         WHERE k.status IS NULL AND k.created_at < now() - interval '${ABANDONED_AFTER}'`,
        [ctx.tenantId, ctx.principal.id, key, hash],
      );
      if (claimed > 0) return null;
      return tx.one<Row>(
        `SELECT request_hash = ANY ($4::bytea[]) AS same, status IS NOT NULL AS finished, sealed
         FROM app.idempotency_key WHERE tenant_id = $1 AND principal_id = $2 AND key = $3`,
        [ctx.tenantId, ctx.principal.id, key, hashes],
      );
    });
    if (row === null) return null;
    if (!row.same) {
      throw new ConflictError('This Idempotency-Key was used for another request: use a new one', {
        field: 'Idempotency-Key',
      });
    }
    if (!row.finished || row.sealed === null) {
      throw new ConflictError('The first request with this Idempotency-Key is still running: repeat it in a moment', {
        field: 'Idempotency-Key',
        retryable: true,
      });
    }
    const opened = this.secretBox.open(row.sealed, belongsTo(ctx.tenantId, ctx.principal.id, key)).reveal();
    const answer: unknown = JSON.parse(opened);
    return answer as StoredAnswer;
  }

  async finish(ctx: RequestContext, key: string, answer: StoredAnswer): Promise<void> {
    const sealed = this.secretBox.seal(JSON.stringify(answer), belongsTo(ctx.tenantId, ctx.principal.id, key));
    await this.unitOfWork.query(
      ctx,
      `UPDATE app.idempotency_key SET status = $4, sealed = $5
       WHERE tenant_id = $1 AND principal_id = $2 AND key = $3`,
      [ctx.tenantId, ctx.principal.id, key, answer.status, sealed],
    );
  }

  /** A request that failed leaves nothing: its repeat is a new attempt. */
  async release(ctx: RequestContext, key: string): Promise<void> {
    await this.unitOfWork.query(
      ctx,
      `DELETE FROM app.idempotency_key WHERE tenant_id = $1 AND principal_id = $2 AND key = $3 AND status IS NULL`,
      [ctx.tenantId, ctx.principal.id, key],
    );
  }
}

function belongsTo(tenantId: string, principalId: string, key: string): SealedFor {
  return { tenantId, rowId: `${principalId}/${key}`, purpose: 'idempotency.response' };
}

/** For whoever replaces the key that seals. */
export const SEALED_ANSWERS: SealedColumn = {
  name: 'answers kept for a repeated Idempotency-Key',
  table: 'app.idempotency_key',
  column: 'sealed',
  key: { principal_id: 'uuid', key: 'text' },
  tenants: 'app.tenants_of_answers_sealed_otherwise',
  whenLost: 'delete',
  belongsTo: (tenantId, row) => belongsTo(tenantId, row['principal_id'] ?? '', row['key'] ?? ''),
};
