import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { Analytics, AnalyticsQuery } from './analytics.dto.js';

const MOST_LISTED = 20;
const WITHIN_MS = 30_000;

interface Figures {
  readonly conversations: number;
  readonly taken: number;
  readonly turns: Partial<Record<keyof Analytics['turns'], number>> | null;
  readonly first_token: readonly [number | null, number | null] | null;
  readonly feedback: Partial<Record<'up' | 'down', number>> | null;
  readonly rated: number;
  readonly content: number;
  readonly first_reply: readonly [number | null, number | null] | null;
  readonly escalations: Partial<Record<string, number>> | null;
}

/**
 * $1 tenant, $2 and $3 the least ids of `from` and `to` (an id begins with the time it was made at, and leads the primary keys
 * with the tenant), $4 agent, $5 channel.
 */
const CHOSEN = `chosen AS MATERIALIZED (
  SELECT c.id FROM app.conversation c
   WHERE c.tenant_id = $1 AND c.id >= $2 AND c.id < $3 AND (c.message_count > 0 OR NOT c.failed_only)
     AND ($5::text IS NULL OR c.channel = $5)
     AND ($4::text IS NULL OR EXISTS (
       SELECT 1 FROM app.turn t WHERE t.tenant_id = $1 AND t.conversation_id = c.id AND t.agent = $4)))`;

const FIGURES = `WITH ${CHOSEN}, spoken AS (
  SELECT t.status, (t.timings ->> 'first_token_ms')::float8 AS first_token
    FROM app.turn t JOIN chosen ON chosen.id = t.conversation_id
   WHERE t.tenant_id = $1 AND ($4::text IS NULL OR t.agent = $4)
), wished AS (
  SELECT e.conversation_id, e.status, e.assigned_at, extract(epoch FROM e.first_reply_at - e.waiting_since)::float8 AS reply
    FROM app.escalation e JOIN chosen ON chosen.id = e.conversation_id WHERE e.tenant_id = $1
)
SELECT (SELECT count(*)::int FROM chosen) AS conversations,
  (SELECT count(DISTINCT conversation_id)::int FROM wished WHERE assigned_at IS NOT NULL) AS taken,
  (SELECT json_object_agg(s.status, s.n) FROM (SELECT status, count(*)::int AS n FROM spoken GROUP BY status) s) AS turns,
  (SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token) FROM spoken
    WHERE first_token IS NOT NULL) AS first_token,
  (SELECT json_object_agg(f.rating, f.n) FROM (
     SELECT f.rating, count(*)::int AS n FROM app.feedback f JOIN chosen ON chosen.id = f.conversation_id
      WHERE f.tenant_id = $1 GROUP BY f.rating) f) AS feedback,
  (SELECT count(*)::int FROM app.conversation_rating r JOIN chosen ON chosen.id = r.conversation_id
    WHERE r.tenant_id = $1) AS rated,
  (SELECT count(*)::int FROM app.conversation_rating r JOIN chosen ON chosen.id = r.conversation_id
    WHERE r.tenant_id = $1 AND r.score >= 4) AS content,
  (SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY reply) FROM wished WHERE reply IS NOT NULL) AS first_reply,
  (SELECT json_object_agg(w.status, w.n) FROM (SELECT status, count(*)::int AS n FROM wished GROUP BY status) w) AS escalations`;

const TOOL_ERRORS = `WITH ${CHOSEN}
SELECT k.tool_key AS tool, count(*)::int AS count
  FROM app.tool_call k JOIN chosen ON chosen.id = k.conversation_id
 WHERE k.tenant_id = $1 AND k.status IN ('failed', 'unknown')
 GROUP BY k.tool_key ORDER BY count DESC, tool LIMIT ${MOST_LISTED}`;

const UNANSWERED = `WITH ${CHOSEN}
SELECT (array_agg(q.content ORDER BY q.seq DESC))[1] AS question, count(*)::int AS count,
       (array_agg(q.conversation_id ORDER BY q.seq DESC))[1] AS conversation_id
  FROM app.message a JOIN chosen ON chosen.id = a.conversation_id
  JOIN app.message q ON q.tenant_id = $1 AND q.turn_id = a.turn_id AND q.conversation_id = a.conversation_id AND q.role = 'user'
 WHERE a.tenant_id = $1 AND a.role = 'assistant' AND a.state = 'final'
   AND (a.metadata ->> 'intent' = 'unclear'
     OR (a.metadata ->> 'intent' = 'qa' AND coalesce(jsonb_array_length(a.metadata -> 'citations'), 0) = 0))
 GROUP BY lower(btrim(q.content)) ORDER BY count DESC, question LIMIT ${MOST_LISTED}`;

/** How a tenant's conversations went, read from the rows of those who own them. */
@Injectable()
export class AnalyticsRepository {
  constructor(private readonly uow: UnitOfWork) {}

  async read(scope: TenantScope, query: AnalyticsQuery): Promise<Analytics> {
    const values = [scope.tenantId, leastId(query.from), leastId(query.to), query.agent ?? null, query.channel ?? null];
    const { figures, toolErrors, unanswered } = await this.uow.run(
      scope,
      async (tx) => ({
        figures: await tx.one<Figures>(FIGURES, values),
        toolErrors: await tx.query<Analytics['tool_errors'][number]>(TOOL_ERRORS, values),
        unanswered: await tx.query<Analytics['unanswered'][number]>(UNANSWERED, values),
      }),
      { deadlineMs: WITHIN_MS },
    );
    if (figures === null) throw new Error('Counts returned no row');
    const { completed = 0, failed = 0, cancelled = 0, handed_off = 0 } = figures.turns ?? {};
    const { waiting = 0, assigned = 0, returned = 0, resolved = 0, closed = 0 } = figures.escalations ?? {};
    return {
      conversations: figures.conversations,
      turns: { completed, failed, cancelled, handed_off },
      containment: shareOf(figures.conversations - figures.taken, figures.conversations),
      resolution: shareOf(resolved + closed, resolved + closed + returned),
      first_token_ms: percentiles(figures.first_token),
      feedback: { up: figures.feedback?.up ?? 0, down: figures.feedback?.down ?? 0 },
      csat: shareOf(figures.content, figures.rated),
      first_reply_s: percentiles(figures.first_reply),
      escalations: {
        total: waiting + assigned + returned + resolved + closed,
        ...{ waiting, assigned, returned, resolved, closed },
      },
      tool_errors: toolErrors,
      unanswered,
    };
  }
}

/** The least id that can have been made at a moment. */
function leastId(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

function percentiles(found: readonly [number | null, number | null] | null): {
  p50: number | null;
  p95: number | null;
} {
  const [p50 = null, p95 = null] = found ?? [];
  return { p50: rounded(p50), p95: rounded(p95) };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
