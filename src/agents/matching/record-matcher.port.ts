import type { RequestContext } from '#platform/context';

export interface MatchRequest {
  readonly knowledgeBaseId: string;
  /** What the caller is or seeks: plain JSON, the message's wishes already laid over it. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** The message, for the part of the score that compares meanings. */
  readonly text: string;
  /** What counts, as the agent's settings have it; the matcher judges its form. */
  readonly criteria: unknown;
  /** The agent's own over those of the criteria, as its settings have them. */
  readonly weights: Readonly<Record<string, unknown>>;
  readonly limit: number;
}

export interface MatchItem {
  readonly id: string;
  readonly title: string;
  /** 0–1. */
  readonly score: number;
  readonly reasons: readonly string[];
  readonly [field: string]: unknown;
}

/** Scores a knowledge base's records against a profile. */
export abstract class RecordMatcher {
  /** @returns best first */
  abstract match(ctx: RequestContext, request: MatchRequest, signal: AbortSignal): Promise<readonly MatchItem[]>;
}
