import { insertUsage } from '#agents';
import { releaseReservation } from '#tenants';

/** Statements on turns that run for every message. Each comes after the conversation's row lock, in a snapshot of its own. */

/** At most this many messages wait behind a running turn. */
export const MAX_QUEUED = 5;
/** A turn that took three processes with it is not begun a fourth time. */
export const MAX_STARTS = 3;

/** The number of the next commit: ahead of the last one, and of whatever a process counted since (DESIGN §4). */
const CLOCK_SEQ = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
const NOW = `date_trunc('milliseconds', clock_timestamp())`;

/**
 * The last messages that the model may see: those of completed turns only, each question beside its answer, also when
 * it had waited for the answer to another one.
 * @param also a condition on `message`
 */
export function history(tenant: string, conversation: string, limit: string, also = 'true'): string {
  return `(SELECT coalesce(json_agg(json_build_object('role', h.role, 'content', h.content, 'metadata', h.metadata)
              ORDER BY h.asked, h.seq), '[]')
     FROM (SELECT seq, role, content,
                  CASE WHEN turn_id IS NULL THEN seq ELSE min(seq) OVER (PARTITION BY turn_id) END AS asked,
                  jsonb_strip_nulls(jsonb_build_object('awaiting', metadata->'awaiting',
                    'agents', metadata->'agents', 'intent', metadata->'intent', 'language', metadata->'language',
                    'escalated', metadata->'escalated', 'failed_parts', metadata->'failed_parts',
                    'citations', CASE WHEN metadata #> '{citations,0}' IS NOT NULL THEN
                      jsonb_build_array(jsonb_build_object('document_id', metadata #> '{citations,0,document_id}',
                        'title', metadata #> '{citations,0,title}', 'section', metadata #> '{citations,0,section}')) END,
                    'shown', CASE WHEN payloads <> '[]' THEN
                      jsonb_path_query_array(payloads, '$[*].items[*].document_id ? (@.type() == "string")') END)) AS metadata
             FROM (SELECT seq, role, content, turn_id, metadata, payloads FROM app.message
                    WHERE tenant_id = ${tenant} AND conversation_id = ${conversation} AND state IN ('final', 'noted') AND ${also}
                    ORDER BY seq DESC LIMIT ${limit}) latest) h)`;
}

/** Of messages other than a question that is asked again, and what has answered it. */
function otherThan(isAsked: string, tenant: string, question: string): string {
  return `(NOT (${isAsked}) OR (id <> ${question} AND id NOT IN (
            SELECT e.answer_id FROM app.turn e WHERE e.tenant_id = ${tenant} AND e.message_id = ${question})))`;
}

/** The answers to a question that are shown: what a new one takes the place of. */
function answersOf(tenant: string, question: string): string {
  return `(SELECT coalesce(json_agg(m.id), '[]') FROM app.turn e
            JOIN app.message m ON m.tenant_id = e.tenant_id AND m.id = e.answer_id
           WHERE e.tenant_id = ${tenant} AND e.message_id = ${question} AND m.state <> 'discarded')`;
}

/**
 * $12 is the failed turn that is tried again (verdict 'repeated': another repeat was quicker); $14 this instance; $15 the
 * lease in seconds; $16 messages of history; $17 the queue mode; $18 whether messages have to wait; $20 whether the message
 * $4 has been answered and is asked again: it stays as it is, with what answered it, until the new answer takes their place.
 */
export const OPEN_TURN = `
WITH waiting AS (
  SELECT count(*) FILTER (WHERE status = 'running') AS running, count(*) FILTER (WHERE status = 'queued') AS queued
    FROM app.turn WHERE tenant_id = $1 AND conversation_id = $2 AND status IN ('running', 'queued')
), base AS (
  SELECT greatest(coalesce(c.last_seq, 0) + 1, ${CLOCK_SEQ}) AS seq, coalesce(c.last_seq, 0) AS previous,
         coalesce(c.owner_epoch, 0) AS owner_epoch, ${NOW} AS now,
         CASE WHEN $12::uuid IS NOT NULL AND EXISTS (
                SELECT 1 FROM app.message m WHERE m.tenant_id = $1 AND m.id = $4 AND m.turn_id IS DISTINCT FROM $12)
                THEN 'repeated'
              WHEN c.owner = 'human' THEN 'handed_off'
              WHEN w.running + w.queued = 0 THEN CASE WHEN $18::boolean THEN 'queued' ELSE 'running' END
              WHEN $17::text = 'reject' OR w.queued >= ${MAX_QUEUED} THEN 'refused'
              ELSE 'queued' END AS verdict
    FROM waiting w LEFT JOIN app.conversation c ON c.tenant_id = $1 AND c.id = $2
), made AS (
  INSERT INTO app.conversation (tenant_id, id, principal_id, channel, persona, title, last_seq, last_interaction_at)
  SELECT $1, $2, $3, $13::jsonb->>'channel', $13::jsonb->>'persona', $13::jsonb->>'title', base.seq, base.now
    FROM base WHERE $13::jsonb IS NOT NULL
), moved AS (
  UPDATE app.conversation c
     SET last_seq = base.seq, failed_only = false,
         message_count = message_count + CASE WHEN base.verdict = 'handed_off' THEN 1 ELSE 0 END,
         updated_at = CASE WHEN base.verdict = 'handed_off' THEN base.now ELSE c.updated_at END,
         last_interaction_at = CASE WHEN base.verdict = 'handed_off' THEN base.now ELSE c.last_interaction_at END
    FROM base WHERE c.tenant_id = $1 AND c.id = $2 AND base.verdict NOT IN ('refused', 'repeated')
), asked AS (
  INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, principal_id, seq, role, state, content, metadata,
                           client_message_id, fingerprint, created_at)
  SELECT $1, $4, $2, CASE WHEN base.verdict = 'handed_off' THEN NULL ELSE $5::uuid END, $3, base.seq, 'user',
         CASE WHEN base.verdict = 'handed_off' THEN 'final' ELSE 'pending' END, $6, $9::jsonb, $7, $8, base.now
    FROM base WHERE base.verdict NOT IN ('refused', 'repeated') AND $12::uuid IS NULL AND NOT $20::boolean
), revived AS (
  UPDATE app.message m SET turn_id = CASE WHEN base.verdict = 'handed_off' THEN NULL ELSE $5::uuid END, seq = base.seq,
         state = CASE WHEN base.verdict = 'handed_off' THEN 'final' ELSE 'pending' END, created_at = base.now
    FROM base WHERE m.tenant_id = $1 AND m.id = $4 AND base.verdict NOT IN ('refused', 'repeated') AND $12::uuid IS NOT NULL
), opened AS (
  INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, status, attempt, start, content,
                        request, owner_epoch, accepted_by, lease_owner, lease_until, fence, seq, created_at, started_at)
  SELECT $1, $5, $2, $3, $4, $19, base.verdict, $11, r.one, $6, $10::jsonb, base.owner_epoch, $14,
         CASE WHEN r.one = 1 THEN $14::uuid END, CASE WHEN r.one = 1 THEN base.now + make_interval(secs => $15) END, r.one,
         base.seq, base.now, CASE WHEN r.one = 1 THEN base.now END
    FROM base, LATERAL (SELECT CASE WHEN base.verdict = 'running' THEN 1 ELSE 0 END AS one) r
   WHERE base.verdict IN ('running', 'queued')
)
SELECT base.verdict, base.seq, base.previous, base.owner_epoch, base.now AS created_at,
       CASE WHEN $20::boolean THEN ${answersOf('$1', '$4')} ELSE '[]' END AS replaces,
       CASE WHEN base.verdict = 'running' THEN ${history('$1', '$2', '$16', otherThan('$20::boolean', '$1', '$4'))} ELSE '[]' END AS history
  FROM base`;

/**
 * $1 tenant, $2 conversation, $3 turn, $4 instance, $5 lease seconds, $6 messages of history, $7 whose turns may be taken:
 * 'expired', 'dead' (owners are known to be dead, whatever their leases say), or 'unbegun' (taken by this instance, which
 * never heard so: nothing ran under that claim, so it counts as no further start). $8: how often it may have been begun yet.
 */
export const CLAIM_TURN = `
WITH claimed AS (
  UPDATE app.turn t
     SET status = 'running', fence = t.fence + 1,
         start = t.start + CASE WHEN $7::text = 'unbegun' AND t.status = 'running' THEN 0 ELSE 1 END, lease_owner = $4, started_at = clock_timestamp(),
         lease_until = clock_timestamp() + make_interval(secs => $5), owner_epoch = c.owner_epoch
    FROM app.conversation c
   WHERE c.tenant_id = $1 AND c.id = $2 AND t.tenant_id = $1 AND t.id = $3 AND t.conversation_id = $2
     AND NOT t.cancel_requested
     AND NOT EXISTS (SELECT 1 FROM app.tenant s WHERE s.id = $1 AND s.status = 'suspended')
     AND CASE t.status
           WHEN 'queued' THEN NOT EXISTS (
             SELECT 1 FROM app.turn o WHERE o.tenant_id = $1 AND o.conversation_id = $2
                AND o.status IN ('queued', 'running') AND (o.status = 'running' OR o.seq < t.seq))
           WHEN 'running' THEN CASE $7::text
             WHEN 'unbegun' THEN t.lease_owner = $4 AND t.lease_until > clock_timestamp()
             WHEN 'dead' THEN t.start <= $8 AND (t.lease_owner <> $4 OR t.lease_until < clock_timestamp())
             ELSE t.start <= $8 AND t.lease_until < clock_timestamp() END
           ELSE false END
  RETURNING t.id, t.message_id, t.answer_id, t.attempt, t.start, t.fence, t.content, t.request, t.owner_epoch,
            t.principal_id, t.created_at, t.seq, c.last_seq, c.client_key, c.title_source, c.owner
)
SELECT claimed.*, m.client_message_id, m.metadata,
       CASE WHEN claimed.attempt > 1 THEN ${answersOf('$1', 'claimed.message_id')} ELSE '[]' END AS replaces,
       ${history('$1', '$2', '$6', otherThan('claimed.attempt > 1', '$1', 'claimed.message_id'))} AS history
  FROM claimed JOIN app.message m ON m.tenant_id = $1 AND m.id = claimed.message_id`;

/**
 * $10 to $12: instance, fence and owner epoch of the one who ran it; without a fence ($11) a turn without a living owner is
 * ended: one that waits ($13 'queued'), or a running one whose lease is over ($13 'expired') or not asked for ('any').
 */
export const SETTLE_TURN = `
WITH base AS (
  SELECT greatest(c.last_seq + 1, $19::bigint + 1, ${CLOCK_SEQ}) AS seq, c.last_seq AS previous, ${NOW} AS now,
         t.answer_id, t.message_id, t.principal_id, t.attempt,
         CASE WHEN $11::bigint IS NOT NULL AND (c.owner <> 'agent' OR c.owner_epoch <> $12::bigint) THEN 'handed_off'
              ELSE $4::text END AS status
    FROM app.conversation c
    JOIN app.turn t ON t.tenant_id = c.tenant_id AND t.conversation_id = c.id
   WHERE c.tenant_id = $1 AND c.id = $2 AND t.id = $3
     AND CASE WHEN $11::bigint IS NOT NULL
              THEN t.status = 'running' AND t.fence = $11 AND t.lease_owner = $10::uuid
              WHEN $13::text = 'queued' THEN t.status = 'queued'
              WHEN $13::text = 'expired' THEN t.status = 'running' AND t.lease_until < clock_timestamp()
              ELSE t.status IN ('running', 'queued') END
), ended AS (
  UPDATE app.turn t SET status = base.status, agent = coalesce($5, t.agent),
         error = CASE WHEN base.status = 'failed' THEN $6::jsonb END, usage = $7::jsonb,
         timings = $8::jsonb, ended_at = base.now, end_seq = base.seq, lease_until = NULL, cancel_requested = false
    FROM base WHERE t.tenant_id = $1 AND t.id = $3
), asked AS (
  -- One that was answered before stays so when it is answered again in vain.
  UPDATE app.message m
     SET state = CASE WHEN base.status IN ('completed', 'handed_off') THEN 'final' WHEN m.state <> 'pending' THEN m.state
                      WHEN base.status = 'cancelled' THEN 'partial' ELSE 'discarded' END,
         turn_id = CASE WHEN base.status = 'completed' THEN $3 ELSE m.turn_id END
    FROM base WHERE m.tenant_id = $1 AND m.id = base.message_id
), replaced AS (
  UPDATE app.message m SET state = 'discarded'
    FROM base JOIN app.turn e ON e.tenant_id = $1 AND e.message_id = base.message_id AND e.id <> $3
   WHERE base.attempt > 1 AND base.status = 'completed' AND m.tenant_id = $1 AND m.id = e.answer_id AND m.state <> 'discarded'
  RETURNING 1
), answered AS (
  INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, seq, role, state, content, payloads, metadata,
                           tokens_used, created_at)
  SELECT $1, base.answer_id, $2, $3, base.seq, 'assistant',
         CASE WHEN base.status = 'completed' THEN 'final' ELSE 'partial' END, $14, $15::jsonb, $16::jsonb, $17, base.now
    FROM base WHERE $14::text IS NOT NULL AND base.status <> 'handed_off'
), moved AS (
  UPDATE app.conversation c
     SET last_seq = base.seq + 1,
         message_count = message_count + CASE WHEN base.status = 'failed' THEN 0
                                              WHEN $14::text IS NULL OR base.status = 'handed_off' THEN 1 ELSE 2 END
           - CASE WHEN base.attempt = 1 OR base.status = 'failed' THEN 0 ELSE (SELECT count(*) FROM replaced) + (
               SELECT count(*) FROM app.message q WHERE q.tenant_id = $1 AND q.id = base.message_id AND q.state <> 'pending') END,
         failed_only = base.status = 'failed' AND c.message_count = 0 AND NOT EXISTS (
           SELECT 1 FROM app.turn w WHERE w.tenant_id = $1 AND w.conversation_id = $2 AND w.id <> $3
              AND w.status IN ('running', 'queued')),
         updated_at = CASE WHEN base.status = 'failed' THEN c.updated_at ELSE base.now END,
         last_interaction_at = CASE WHEN base.status = 'failed' THEN c.last_interaction_at ELSE base.now END
    FROM base WHERE c.tenant_id = $1 AND c.id = $2
), used AS (${insertUsage({ tenant: '$1', turn: '$3', principal: 'base.principal_id', rows: '$9', provided: 'base' })}
), freed AS (${releaseReservation({ tenant: '$1', id: '$3', provided: 'base' })}
), posted AS (
  INSERT INTO app.outbox (tenant_id, id, type, payload)
  SELECT $1, o.id, o.type, o.payload FROM base, jsonb_to_recordset($18::jsonb) AS o(id uuid, type text, payload jsonb)
   WHERE base.status <> 'handed_off'
)
SELECT base.status, base.seq, base.previous, base.now AS created_at,
       (SELECT json_build_object('turn_id', w.id, 'accepted_by', w.accepted_by) FROM app.turn w
         WHERE w.tenant_id = $1 AND w.conversation_id = $2 AND w.status = 'queued' AND w.id <> $3
         ORDER BY w.seq LIMIT 1) AS next
  FROM base`;
