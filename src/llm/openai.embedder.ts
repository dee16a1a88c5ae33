import { estimateTokens } from '#platform/text';
import { CallMeter } from './call-meter.js';
import { Embedder, type EmbeddingKind, type EmbeddingSpace } from './embedder.port.js';
import { EndpointPace } from './endpoint-pace.js';
import { loadLangChain } from './langchain.chat-model.js';
import { type UsageSink } from './llm-usage.js';
import { LlmError } from './llm.errors.js';
import { dollars, reckonedPriceOf } from './prices/prices.js';
import { type ProviderConnection } from './provider-connection.js';
import { ProviderFetch } from './provider-fetch.js';
import { withRetry } from './retry.js';

/** Texts and characters of one request: OpenAI takes 2,048 texts and 300,000 tokens. */
const BATCH_TEXTS = 256;
const BATCH_CHARACTERS = 400_000;

/** What the models give when nobody asks for less. */
const DIMENSIONS: Readonly<Record<string, number>> = {
  'text-embedding-3-large': 3072,
  'text-embedding-3-small': 1536,
  'text-embedding-ada-002': 1536,
  'nomic-embed-text': 768,
  'mxbai-embed-large': 1024,
  'snowflake-arctic-embed': 1024,
  'bge-m3': 1024,
  'all-minilm': 384,
};
const DEFAULT_DIMENSIONS = 1536;

/** Dimensions of an embedding model by its name; the usual 1536 for an unknown one. */
export function dimensionsOf(model: string): number {
  return DIMENSIONS[model.replace(/^.*\//, '').replace(/:.*$/, '')] ?? DEFAULT_DIMENSIONS;
}

/** Embeddings of an OpenAI-wire endpoint through `OpenAIEmbeddings`, in batches, as base64 (a quarter of the bytes). */
export class OpenAiEmbedder extends Embedder {
  readonly space: EmbeddingSpace;

  constructor(
    private readonly connection: ProviderConnection,
    dimensions: number = dimensionsOf(connection.endpoint.model),
    private readonly endpointPace: EndpointPace = new EndpointPace(),
  ) {
    super();
    this.space = { provider: 'openai', model: connection.endpoint.model, dimensions };
  }

  override get pace(): EndpointPace {
    return this.endpointPace;
  }

  override reckon(texts: readonly string[]): number {
    const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0);
    return dollars(reckonedPriceOf(this.connection.endpoint), tokens, 0);
  }

  override async embed(
    texts: readonly string[],
    kind: EmbeddingKind,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<readonly Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const batch of batches(texts)) {
      const call = (): Promise<Float32Array[]> => this.embedBatch(batch, signal, onUsage);
      // One after the other: an abort leaves nothing behind.
      vectors.push(
        ...(kind === 'passage'
          ? await this.pace.passages(call, signal)
          : await withRetry(
              () => this.pace.query(call),
              () => true,
              signal,
            )),
      );
    }
    return vectors;
  }

  private async embedBatch(batch: readonly string[], signal: AbortSignal, onUsage: UsageSink): Promise<Float32Array[]> {
    signal.throwIfAborted();
    const CountingEmbeddings = await loadEmbeddings();
    const { endpoint } = this.connection;
    const meter = new CallMeter({ kind: 'embedding', endpoint, input: () => batch.join('\n') }, onUsage);
    const transport = new ProviderFetch(this.connection, signal, meter);
    const { model } = this.space;
    const embeddings = new CountingEmbeddings({
      model,
      apiKey: 'set-by-the-transport',
      // Asked for only where it is not what the model gives anyway: many compatible servers refuse the parameter.
      ...(dimensionsOf(model) === this.space.dimensions ? {} : { dimensions: this.space.dimensions }),
      batchSize: BATCH_TEXTS,
      stripNewLines: false,
      maxRetries: 0,
      configuration: {
        baseURL: endpoint.baseUrl,
        fetch: transport.fetch,
        organization: null,
        project: null,
        logLevel: 'off',
      },
    });
    try {
      const vectors = await embeddings.embedDocuments(batch.map((text) => (text.trim() === '' ? '.' : text)));
      meter.completed({ input: embeddings.promptTokens, output: 0 }, '');
      if (vectors.length !== batch.length) {
        throw this.connection.fault(`embeddings: ${vectors.length} vectors for ${batch.length} texts`);
      }
      return vectors.map((vector) => this.checked(vector));
    } catch (error) {
      meter.broken(transport.fault ?? error, { input: embeddings.promptTokens, output: 0 }, '');
      signal.throwIfAborted();
      if (transport.fault !== null) throw transport.fault;
      if (error instanceof LlmError) throw error;
      throw this.connection.fault(`embeddings: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      transport.close();
    }
  }

  private checked(vector: readonly number[]): Float32Array {
    const { model, dimensions } = this.space;
    if (vector.length !== dimensions) {
      throw new LlmError({
        detail: `${model} gave ${vector.length} dimensions where the space has ${dimensions}: set EMBEDDINGS_MODEL to a model of that size`,
        retryable: false,
      });
    }
    let sum = 0;
    for (const value of vector) sum += value * value;
    if (!Number.isFinite(sum)) throw new LlmError({ detail: `${model} gave a vector that is not of numbers` });
    const scale = sum === 0 ? 0 : 1 / Math.sqrt(sum);
    return Float32Array.from(vector, (value) => value * scale);
  }
}

let loaded: ReturnType<typeof countingEmbeddings> | undefined;

function loadEmbeddings(): ReturnType<typeof countingEmbeddings> {
  return (loaded ??= countingEmbeddings());
}

/** `OpenAIEmbeddings` gives vectors only; the answer that it takes them from also says what they cost. */
async function countingEmbeddings() {
  const { OpenAIEmbeddings } = await loadLangChain();
  return class extends OpenAIEmbeddings {
    promptTokens: unknown = null;

    protected override async embeddingWithRetry(request: { model: string; input: string | string[] }) {
      const answer = await super.embeddingWithRetry(request);
      // Compatible servers may leave it out, whatever the type says.
      const usage: { prompt_tokens?: unknown } | undefined = answer.usage;
      this.promptTokens = usage?.prompt_tokens;
      return answer;
    }
  };
}

function* batches(texts: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let characters = 0;
  for (const text of texts) {
    if (batch.length >= BATCH_TEXTS || (batch.length > 0 && characters + text.length > BATCH_CHARACTERS)) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(text);
    characters += text.length;
  }
  if (batch.length > 0) yield batch;
}
