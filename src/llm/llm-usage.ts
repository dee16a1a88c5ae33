/** What a request to a provider cost. */
export interface LlmUsage {
  readonly kind: 'chat' | 'embedding';
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; null where the model's price is not known. */
  readonly costUsd: number | null;
  /** What budgets count: the cost, or what stands for one that is not known. Absent: the cost. */
  readonly reckonedUsd?: number;
  readonly provider?: string | undefined;
  readonly model: string;
  /** True where the provider did not say, or did not get that far: then we counted what was sent and what had come back. */
  readonly estimated: boolean;
}

/** A usage with what it was for: what `app.usage_record` holds. */
export interface UsageEntry extends LlmUsage {
  /** A `ChatPurpose`; of embeddings `retrieve`, `route` or `ingest`. */
  readonly purpose: string;
}

/**
 * Told once for each request that a provider worked on, when it is over: completed, failed or aborted. Called
 * synchronously, before the call's promise settles; it must neither block nor throw.
 */
export type UsageSink = (usage: LlmUsage) => void;

/**
 * Makes a call to a provider on somebody's account: gives it the sink that knows what for and for whom.
 * `reckonedUsd`: what it may cost, for an account that has to have that left.
 */
export type MeteredCall = <T>(call: (onUsage: UsageSink) => Promise<T>, reckonedUsd?: number) => Promise<T>;
