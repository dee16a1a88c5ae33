import type { Passage } from '#rag';
import { type Grade, type GradeRequest, PassageGrader } from '../../steps/passage-grader.js';
import { answerabilityOf } from './answerability.js';
import { rankUnits, supportingSentence } from './sentence-ranking.js';

/** A statement and a passage have this much in common at least before the one is taken for the other's source. */
const CLEARLY_FROM = 0.45;
/** So near in meaning that shared words are not needed; only real models of language reach it. */
const NEAR = 0.62;
/** As likely an answer as not. */
const LIKELY = 0.5;
/** Kept beside a good passage. */
const USEFUL_SHARE = 0.3;

/** Grading by what the search tells of the question's words and of each passage's nearness. */
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

function gradeByCoverage(request: GradeRequest): Grade {
  const passages = scored(request);
  const best = Math.max(0, ...passages.map(({ score }) => score));
  if (best < LIKELY) return { verdict: 'poor', passages };
  return { verdict: 'good', passages: passages.filter(({ score }) => score >= best * USEFUL_SHARE) };
}

/** The passages with how likely they answer as their score: that is what people are shown beside a source. */
function scored({ passages, question }: GradeRequest): Passage[] {
  const likelihood = answerabilityOf(question, passages);
  return passages.map((passage, index) => ({
    ...passage,
    score: Math.max(likelihood[index] ?? 0, isNear(passage) ? (passage.vectorScore ?? 0) : 0),
  }));
}

function isNear({ vectorScore }: Passage): boolean {
  return vectorScore !== null && vectorScore >= NEAR;
}
