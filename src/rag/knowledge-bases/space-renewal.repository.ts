import { type EmbeddingSpace, recordUsage, type UsageRow } from '#llm';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { vectorValue } from '../retrieval/vector-value.js';
import { KnowledgeBaseRepository } from './knowledge-base.repository.js';

export interface StoredPassage {
  readonly id: string;
  /** As it was embedded when it was stored: under its title and section; a record alone. */
  readonly text: string;
}

/** Vectors of a knowledge base in two spaces side by side. All may be repeated. */
@Injectable()
export class SpaceRenewalRepository {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bases: KnowledgeBaseRepository,
  ) {}

  ensureSpace(scope: TenantScope, space: EmbeddingSpace): Promise<string> {
    return this.work.run(scope, (tx) => this.bases.ensureSpace(tx, space));
  }

  /** What new vectors cost: nobody's account but the tenant's. */
  async recordUsage({ tenantId }: TenantScope, usage: readonly UsageRow[]): Promise<void> {
    await recordUsage(this.work, { tenantId, turnId: null, principalId: null }, usage);
  }

  /** The next passages, by their ids, that have no vector in the space yet. */
  passagesWithout(
    scope: TenantScope,
    { after, baseId, limit, spaceId }: { baseId: string; spaceId: string; after: string | null; limit: number },
  ): Promise<StoredPassage[]> {
    return this.work.query(
      scope,
      `SELECT c.id, CASE WHEN d.source_type = 'record' THEN c.content
           ELSE concat_ws(E'\\n\\n', nullif(d.title, ''), c.section, c.content) END AS text
       FROM app.chunk c JOIN app.document d ON d.tenant_id = $1 AND d.id = c.document_id
       WHERE c.tenant_id = $1 AND c.knowledge_base_id = $2 AND ($4::uuid IS NULL OR c.id > $4)
         AND NOT EXISTS (SELECT 1 FROM app.chunk_vector v WHERE v.tenant_id = $1 AND v.space_id = $3 AND v.chunk_id = c.id)
       ORDER BY c.id LIMIT $5`,
      [scope.tenantId, baseId, spaceId, after, limit],
    );
  }

  /** Passages that were deleted meanwhile are passed over. */
  async insertVectors(
    scope: TenantScope,
    { baseId, dimensions, spaceId }: { baseId: string; spaceId: string; dimensions: number },
    vectors: readonly { readonly id: string; readonly vector: Float32Array }[],
  ): Promise<void> {
    const places = vectors.map((_, index) => `($${index * 2 + 5}::uuid, $${index * 2 + 6}::vector)`);
    await this.work.query(
      scope,
      `INSERT INTO app.chunk_vector (tenant_id, space_id, chunk_id, knowledge_base_id, dims, embedding)
       SELECT $1, $2, c.id, $3, $4, given.embedding FROM (VALUES ${places.join(', ')}) AS given(id, embedding)
       JOIN app.chunk c ON c.tenant_id = $1 AND c.id = given.id
       ON CONFLICT (tenant_id, space_id, chunk_id) DO NOTHING`,
      [scope.tenantId, spaceId, baseId, dimensions, ...vectors.flatMap(({ id, vector }) => [id, vectorValue(vector)])],
    );
  }

  /** From here on the base is searched in the other space, and new documents go there. */
  async switchSpace(scope: TenantScope, baseId: string, spaces: { from: string; to: string }): Promise<void> {
    await this.work.query(
      scope,
      `UPDATE app.knowledge_base SET space_id = $4, updated_at = now() WHERE tenant_id = $1 AND id = $2 AND space_id = $3`,
      [scope.tenantId, baseId, spaces.from, spaces.to],
    );
  }

  /** @returns how many were deleted */
  async deleteVectors(scope: TenantScope, baseId: string, spaceId: string, most: number): Promise<number> {
    const [row] = await this.work.query<{ deleted: number }>(
      scope,
      `WITH deleted AS (
         DELETE FROM app.chunk_vector WHERE tenant_id = $1 AND space_id = $3 AND chunk_id IN (
           SELECT chunk_id FROM app.chunk_vector WHERE tenant_id = $1 AND space_id = $3 AND knowledge_base_id = $2 LIMIT $4)
         RETURNING 1
       ) SELECT count(*) AS deleted FROM deleted`,
      [scope.tenantId, baseId, spaceId, most],
    );
    return row?.deleted ?? 0;
  }
}
