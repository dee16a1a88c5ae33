import type { Passage } from '#rag';
import { type Grade, type GradeRequest, PassageGrader } from '../../steps/passage-grader.js';
import { rankUnits, supportingSentence } from './sentence-ranking.js';

/** A statement and a passage have this much in common at least before the one is taken for the other's source. */
const CLEARLY_FROM = 0.45;
/** A passage with this share of the question's weight can answer it. Calibrated on test/evals. */
const COVERED = 0.32;
/** So near in meaning that shared words are not needed; only real models of language reach it. */
const NEAR = 0.62;
/** Kept beside a good passage. */
const USEFUL_SHARE = 0.5;

/** Grading by the absolute measures that the search gives with each passage. */
export class CoveragePassageGrader extends PassageGrader {
  override grade(request: GradeRequest): Promise<Grade> {
    return Promise.resolve(gradeByCoverage(request));
  }

  override quote(passage: Passage, said: string): string {
    return supportingSentence(passage, said);
  }

  override sourceOf(said: string, passages: readonly Passage[]): Passage | null {
    const [source] = rankUnits(said, passages);
    return source === undefined || source.relevance < CLEARLY_FROM ? null : (passages[source.passage] ?? null);
  }
}

function gradeByCoverage({ passages }: GradeRequest): Grade {
  const best = Math.max(0, ...passages.map(({ coverage }) => coverage));
  const near = Math.max(0, ...passages.map(({ vectorScore }) => vectorScore ?? 0));
  const verdict = best >= COVERED || near >= NEAR ? 'good' : 'poor';
  const kept = passages.filter(
    ({ coverage, vectorScore }) => coverage >= best * USEFUL_SHARE || (vectorScore ?? 0) >= NEAR,
  );
  return { verdict, passages: kept };
}
