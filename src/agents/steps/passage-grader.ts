import type { Passage } from '#rag';

export interface GradeRequest {
  readonly question: string;
  readonly passages: readonly Passage[];
}

export interface Grade {
  readonly verdict: 'good' | 'poor';
  /** Those worth writing from, best first. */
  readonly passages: readonly Passage[];
}

/** Judges whether passages can answer a question. */
export abstract class PassageGrader {
  abstract grade(request: GradeRequest, signal: AbortSignal): Promise<Grade>;
}
