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

  /** The sentence of a passage that supports what was said of it. On the token path: no model is asked. */
  abstract quote(passage: Passage, said: string): string;

  /** The one that clearly says the same, when there is one. No model is asked. */
  abstract sourceOf(said: string, passages: readonly Passage[]): Passage | null;
}
