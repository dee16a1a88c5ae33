import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { DomainError } from '#platform/errors';
import { HealthService } from '#platform/health';
import { type CallFault, Metrics, type Provider, PROVIDERS } from '#platform/metrics';
import { LlmError, LlmTimeoutError } from './llm.errors.js';

export interface CallEnd {
  readonly provider: string;
  /** Below the base URL. */
  readonly path: string;
  /** null: it was answered. */
  readonly error: unknown;
  /** Whoever asked wanted it no more. */
  readonly aborted: boolean;
}

/** An outcome older than this says nothing of now. */
const RECENT_MS = 10 * 60_000;

/** How calls to providers end: counted, and the last one remembered for `/health`, which makes no call of its own. */
@Injectable()
export class ProviderWatch implements OnApplicationBootstrap {
  private last: { readonly at: number; readonly reached: boolean; readonly reason: CallFault | null } | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly metrics: Metrics,
    private readonly health: HealthService,
  ) {}

  onApplicationBootstrap(): void {
    this.health.register({ name: 'provider', essential: false, check: () => Promise.resolve(this.state()) });
  }

  ended({ aborted, error, path, provider }: CallEnd): void {
    const kind = path.endsWith('/embeddings') ? 'embedding' : 'chat';
    const known = isProvider(provider) ? provider : 'other';
    if (aborted) return this.metrics.providerCalled({ provider: known, kind, failure: 'aborted' });
    const reason = error === null ? null : reasonOf(error);
    // A provider that refuses one request for what is in it works.
    this.last = { at: Date.now(), reached: reason === null || reason === 'refused', reason };
    const code = error instanceof DomainError ? error.code : 'LLM_ERROR';
    this.metrics.providerCalled({ provider: known, kind, failure: reason === null ? null : { code, reason } });
  }

  private state(): Record<string, string | number | boolean> {
    const { llmProvider } = this.config;
    const configured = llmProvider !== 'offline';
    const { last } = this;
    const told = { provider: llmProvider, configured };
    if (last === null || Date.now() - last.at > RECENT_MS) return told;
    const seconds = Math.round((Date.now() - last.at) / 1000);
    return {
      ...told,
      reachable: last.reached,
      last_call_seconds: seconds,
      ...(last.reason === null ? {} : { reason: last.reason }),
      ...(last.reached ? {} : { warning: 'the last call to the provider failed' }),
    };
  }
}

function isProvider(name: string): name is Provider {
  return (PROVIDERS as readonly string[]).includes(name);
}

function reasonOf(error: unknown): CallFault {
  if (error instanceof LlmTimeoutError) return error.deadline;
  const status = error instanceof LlmError ? error.status : null;
  if (status === null) return 'broken';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'server_error' : 'refused';
}
