import type { Embedder, MeteredCall } from '#llm';
import { LRUCache } from 'lru-cache';
import type { AgentDefinition } from '../../catalog/agent.types.js';

/** Where vectors of texts come from; null: there is no embedder just now. */
export interface EmbedderSource {
  embedder(): Embedder | null;
}

/** Whose examples, and on whose account. */
export interface ExampleRequest {
  readonly tenantId: string;
  readonly agents: readonly AgentDefinition[];
  readonly metered: MeteredCall;
}

interface Entry {
  readonly fingerprint: string;
  readonly vectors: Promise<readonly Float32Array[]>;
}

const MOST_ENTRIES = 2000;
const NONE: Promise<readonly Float32Array[]> = Promise.resolve([]);

/**
 * Vectors of the agents' example utterances, kept in memory by tenant, agent and space. Changed examples replace the
 * entry; nothing of it is stored.
 */
export class ExampleIndex {
  private readonly entries = new LRUCache<string, Entry>({ max: MOST_ENTRIES });

  constructor(private readonly source: EmbedderSource) {}

  /** False where vectors know no more than words do. */
  get knowsMeaning(): boolean {
    const provider = this.source.embedder()?.space.provider;
    return provider !== undefined && provider !== 'local';
  }

  /** @returns the text's vector and each agent's example vectors (by agent id), or null without an embedder */
  async lookUp(
    request: ExampleRequest,
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<{ texts: readonly Float32Array[]; examples: ReadonlyMap<string, readonly Float32Array[]> } | null> {
    const { agents } = request;
    const embedder = this.source.embedder();
    if (embedder === null) return null;
    const [vectors, ...examples] = await Promise.all([
      request.metered((onUsage) => embedder.embed(texts, 'query', signal, onUsage)),
      ...agents.map((agent) => this.examplesOf(request, agent, embedder)),
    ]);
    return { texts: vectors, examples: new Map(agents.map((agent, index) => [agent.id, examples[index] ?? []])) };
  }

  private examplesOf(
    { metered, tenantId }: ExampleRequest,
    agent: AgentDefinition,
    embedder: Embedder,
  ): Promise<readonly Float32Array[]> {
    if (agent.examples.length === 0) return NONE;
    const { provider, model, dimensions } = embedder.space;
    const key = `${tenantId}/${agent.id}/${provider}/${model}/${dimensions}`;
    const fingerprint = agent.examples.join('\u0000');
    const known = this.entries.get(key);
    if (known?.fingerprint === fingerprint) return known.vectors;
    // Shared by whoever asks meanwhile, so one caller's abort must not end it.
    const vectors = metered((onUsage) => embedder.embed(agent.examples, 'query', AbortSignal.timeout(20_000), onUsage));
    const entry = { fingerprint, vectors };
    this.entries.set(key, entry);
    vectors.catch(() => {
      if (this.entries.peek(key) === entry) this.entries.delete(key);
    });
    return vectors;
  }
}
