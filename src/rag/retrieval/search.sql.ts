/**
 * The search as one statement:
 *
 *   bases ─ terms of the question, each with its rarity ─▶ BM25 over the postings ──┐
 *   vector of the question ─▶ nearest vectors, exactly or through HNSW ─────────────┴▶ weighted rank fusion ─▶ passages
 *
 * Every relation is bound to the tenant and filtered by owner and persona on its own. Only leakproof operators stand
 * between row security and an index; the rest filters rows that were found.
 */

/** A question takes part with this many terms: the rarest that the base knows, then unknown ones. */
const MOST_TERMS = 64;
/** How far each half looks. */
const DEPTH = 100;
/** Reciprocal rank fusion's constant: how much the first places stand out. */
export const RANK_CONSTANT = 10;
/** Rarity means little among a few passages: a smaller base counts as one of this size. */
const FEWEST_CHUNKS = 50;
const K1 = 1.2;
const B = 0.75;

export interface SearchShape {
  /** Of the vectors, or null for words alone. */
  readonly dimensions: number | null;
  /** Through the HNSW index; else every vector is compared. */
  readonly approximate: boolean;
  /** By the documents' metadata. */
  readonly filtered: boolean;
}

/** Dimensions that have an index; halfvec where a vector is too wide for one. */
const INDEXED: Readonly<Record<number, 'vector' | 'halfvec'>> = {
  384: 'vector',
  768: 'vector',
  1024: 'vector',
  1536: 'vector',
  3072: 'halfvec',
};

export function hasVectorIndex(dimensions: number): boolean {
  return INDEXED[dimensions] !== undefined;
}

/** Unique for each shape, so that the statement can be prepared. */
export function searchName(shape: SearchShape): string {
  const { approximate, dimensions, filtered } = shape;
  return `rag_search_${dimensions ?? 'words'}${approximate ? '_hnsw' : ''}${filtered ? '_meta' : ''}`;
}

/** The share of its rarity that an unknown word of the query counts for when a passage's coverage is measured. */
const UNKNOWN_WORD = 0.5;

/**
 * Parameters: $1 tenant, $2 bases, $3 text search configuration of each, $4 the question's words, $5 caller, $6 persona,
 * $7 whether the caller is staff, $8 most passages, $9 the vectors' share; with vectors $10 vector, $11 space; with a
 * filter last the metadata.
 */
export function searchSql(shape: SearchShape): string {
  const metadata = `$${shape.dimensions === null ? 10 : 12}`;
  const visible = (chunk: string): string =>
    `${chunk}.searchable AND (${chunk}.owner_id IS NULL OR ${chunk}.owner_id = $5)
      AND ($7 OR ${chunk}.personas = '{}' OR $6 = ANY(${chunk}.personas))${
        shape.filtered
          ? `
      AND EXISTS (SELECT 1 FROM app.document d WHERE d.tenant_id = $1 AND d.id = ${chunk}.document_id
        AND d.metadata @> ${metadata}::jsonb)`
          : ''
      }`;
  return `
WITH base AS MATERIALIZED (
  SELECT k.id, wanted.config, k.chunk_count, greatest(k.chunk_count, ${FEWEST_CHUNKS})::float8 AS chunks,
    greatest(k.term_total::float8 / greatest(k.chunk_count, 1), 1) AS average_terms
  FROM unnest($2::uuid[], $3::text[]) AS wanted(id, config)
  JOIN app.knowledge_base k ON k.tenant_id = $1 AND k.id = wanted.id
),
term AS MATERIALIZED (
  SELECT * FROM (
    SELECT base.id AS base_id, base.average_terms, word.lexeme COLLATE "C" AS term, word.positions[1] AS position,
      coalesce(stat.df, 0) AS df,
      -- A word that the base does not have at all would outweigh those that it has: "returns policy" is about returns.
      CASE WHEN stat.df IS NULL THEN ${UNKNOWN_WORD} ELSE 1 END
        * ln(1 + (base.chunks - least(coalesce(stat.df, 0), base.chunks) + 0.5) / (coalesce(stat.df, 0) + 0.5)) AS rarity,
      row_number() OVER (PARTITION BY base.id ORDER BY stat.df NULLS LAST, word.lexeme) AS place
    FROM base
    CROSS JOIN LATERAL unnest(to_tsvector(base.config::regconfig, $4)) AS word
    LEFT JOIN app.term_stat stat
      ON stat.tenant_id = $1 AND stat.knowledge_base_id = base.id AND stat.term = word.lexeme COLLATE "C"
  ) ranked WHERE place <= ${MOST_TERMS}
),
weight AS (SELECT base_id, sum(rarity) AS total FROM term GROUP BY base_id),
word_hit AS MATERIALIZED (
  SELECT posting.chunk_id, term.base_id,
    sum(term.rarity * posting.tf * ${K1 + 1}
      / (posting.tf + ${K1} * (${1 - B} + ${B} * c.term_count / term.average_terms))) AS score,
    sum(term.rarity) AS matched
  FROM term
  JOIN app.chunk_term posting
    ON posting.tenant_id = $1 AND posting.knowledge_base_id = term.base_id AND posting.term = term.term
  JOIN app.chunk c ON c.tenant_id = $1 AND c.id = posting.chunk_id
  WHERE ${visible('c')}
  GROUP BY posting.chunk_id, term.base_id
  ORDER BY score DESC, posting.chunk_id LIMIT ${DEPTH}
),
vector_hit AS MATERIALIZED (${vectorHits(shape, visible('c'))}),
ranked AS (
  SELECT coalesce(w.chunk_id, v.chunk_id) AS chunk_id, w.score AS text_score, v.similarity,
    (coalesce((1 - $9::float8) / (${RANK_CONSTANT} + w.place), 0) + coalesce($9::float8 / (${RANK_CONSTANT} + v.place), 0))
      * ${RANK_CONSTANT + 1} AS score
  FROM (SELECT *, row_number() OVER (ORDER BY score DESC, chunk_id) AS place FROM word_hit) w
  FULL JOIN (SELECT *, row_number() OVER (ORDER BY similarity DESC, chunk_id) AS place FROM vector_hit) v
    ON v.chunk_id = w.chunk_id
  ORDER BY score DESC, chunk_id LIMIT $8
),
found AS MATERIALIZED (
  SELECT r.chunk_id, c.document_id, c.knowledge_base_id, d.title, c.page, c.section, d.source_url AS url, c.content,
    r.score, r.similarity AS vector_score, r.text_score,
    least(1, coalesce((
      SELECT sum(term.rarity) FROM term
      JOIN app.chunk_term posting ON posting.tenant_id = $1 AND posting.knowledge_base_id = term.base_id
        AND posting.term = term.term AND posting.chunk_id = r.chunk_id
      WHERE term.base_id = c.knowledge_base_id
    ) / nullif((SELECT total FROM weight WHERE weight.base_id = c.knowledge_base_id), 0), 0)) AS coverage,
    (SELECT json_agg(term.position) FROM term
      JOIN app.chunk_term posting ON posting.tenant_id = $1 AND posting.knowledge_base_id = term.base_id
        AND posting.term = term.term AND posting.chunk_id = r.chunk_id
      WHERE term.base_id = c.knowledge_base_id
    ) AS held
  FROM ranked r
  JOIN app.chunk c ON c.tenant_id = $1 AND c.id = r.chunk_id
  JOIN app.document d ON d.tenant_id = $1 AND d.id = c.document_id
)
-- The question's words come with each passage: how many of its base's chunks have them.
SELECT unread.documents AS unread, found.*,
  (SELECT json_agg(json_build_array(term.position, term.df)) FROM term WHERE term.base_id = found.knowledge_base_id) AS asked,
  (SELECT base.chunk_count FROM base WHERE base.id = found.knowledge_base_id) AS chunks
FROM (
  -- Documents on their way: what is not found today may stand in one of them.
  SELECT count(*)::int AS documents FROM app.document d
  WHERE d.tenant_id = $1 AND d.knowledge_base_id = ANY($2::uuid[]) AND d.status NOT IN ('ready', 'failed')
    AND d.deleted_at IS NULL AND NOT d.held AND (d.owner_id IS NULL OR d.owner_id = $5)
    AND ($7 OR d.personas = '{}' OR $6 = ANY(d.personas))
) unread
LEFT JOIN found ON true
ORDER BY found.score DESC, found.chunk_id`;
}

function vectorHits({ approximate, dimensions }: SearchShape, visible: string): string {
  if (dimensions === null) return 'SELECT NULL::uuid AS chunk_id, NULL::float8 AS similarity WHERE false';
  const type = INDEXED[dimensions];
  // Written as the index has it, the order comes from the index; as a plain vector, it cannot.
  const distance =
    approximate && type !== undefined
      ? `(v.embedding::${type}(${dimensions}) <=> $10::vector::${type}(${dimensions}))`
      : '(v.embedding <=> $10::vector)';
  return `
  SELECT v.chunk_id, 1 - ${distance} AS similarity
  FROM app.chunk_vector v
  JOIN app.chunk c ON c.tenant_id = $1 AND c.id = v.chunk_id
  WHERE v.tenant_id = $1 AND v.space_id = $11 AND v.knowledge_base_id = ANY($2::uuid[]) AND v.dims = ${dimensions}
    AND ${visible}
  ORDER BY ${distance} LIMIT ${DEPTH}`;
}
