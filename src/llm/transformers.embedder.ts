import { Embedder, type EmbeddingKind, type EmbeddingSpace } from './embedder.port.js';
import { EmbedderUnavailableError } from './llm.errors.js';

/** The part of `HuggingFaceTransformersEmbeddings` that is used. */
export interface TextEmbeddings {
  embedDocuments(texts: string[]): Promise<number[][]>;
}

export const TRANSFORMERS_PACKAGE = '@huggingface/transformers';
export const TRANSFORMERS_DEFAULT_MODEL = 'Xenova/all-MiniLM-L6-v2';
/** The version that `@langchain/community` works with. */
const INSTALL = `npm install ${TRANSFORMERS_PACKAGE}@3.8.1`;
const BATCH_TEXTS = 32;

const DIMENSIONS: Readonly<Record<string, number>> = {
  'all-MiniLM-L6-v2': 384,
  'all-MiniLM-L12-v2': 384,
  'paraphrase-multilingual-MiniLM-L12-v2': 384,
  'multilingual-e5-small': 384,
  'bge-small-en-v1.5': 384,
  'bge-base-en-v1.5': 768,
  'all-mpnet-base-v2': 768,
  'multilingual-e5-base': 768,
  'bge-large-en-v1.5': 1024,
  'multilingual-e5-large': 1024,
};

/**
 * An ONNX model in this process, through LangChain's class over `@huggingface/transformers`. That package and its
 * runtime are 300 MB, so it is not a dependency: it is loaded when this embedder is first used, and its absence is told
 * with the command that installs it. The model itself is downloaded once, on first use.
 */
export class TransformersEmbedder extends Embedder {
  readonly space: EmbeddingSpace;
  private embeddings: Promise<TextEmbeddings> | null = null;

  constructor(
    model: string | undefined,
    private readonly load: (model: string) => Promise<TextEmbeddings> = loadEmbeddings,
  ) {
    super();
    const name = model ?? TRANSFORMERS_DEFAULT_MODEL;
    const full = name.includes('/') ? name : `Xenova/${name}`;
    this.space = { provider: 'transformers', model: full, dimensions: DIMENSIONS[full.replace(/^.*\//, '')] ?? 384 };
  }

  override async embed(
    texts: readonly string[],
    kind: EmbeddingKind,
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    signal.throwIfAborted();
    const embeddings = await this.model();
    const vectors: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += BATCH_TEXTS) {
      // The runtime cannot be interrupted; between two batches it can.
      signal.throwIfAborted();
      const batch = texts.slice(at, at + BATCH_TEXTS).map((text) => this.prefixed(text, kind));
      for (const vector of await embeddings.embedDocuments(batch)) vectors.push(this.checked(vector));
    }
    return vectors;
  }

  /** E5 models tell questions from passages by a prefix. */
  private prefixed(text: string, kind: EmbeddingKind): string {
    return /(^|[/-])e5-/.test(this.space.model) ? `${kind === 'query' ? 'query' : 'passage'}: ${text}` : text;
  }

  private model(): Promise<TextEmbeddings> {
    this.embeddings ??= this.load(this.space.model).catch((error: unknown) => {
      // A failed download is tried again with the next question.
      this.embeddings = null;
      throw error;
    });
    return this.embeddings;
  }

  private checked(vector: readonly number[]): Float32Array {
    const { model, dimensions } = this.space;
    if (vector.length === dimensions) return Float32Array.from(vector);
    throw new EmbedderUnavailableError(
      `${model} gives ${vector.length} dimensions, not ${dimensions}: set EMBEDDINGS_MODEL to one of ${Object.keys(DIMENSIONS).join(', ')}`,
    );
  }
}

async function loadEmbeddings(model: string): Promise<TextEmbeddings> {
  try {
    // By a variable: the package is optional, and neither compiler nor bundler may look for it.
    const name: string = TRANSFORMERS_PACKAGE;
    await import(name);
  } catch (error) {
    throw new EmbedderUnavailableError(
      `EMBEDDINGS_PROVIDER=transformers needs the package ${TRANSFORMERS_PACKAGE}. Install it with: ${INSTALL} ` +
        '(about 300 MB), or set EMBEDDINGS_PROVIDER=local.',
      error,
    );
  }
  const { HuggingFaceTransformersEmbeddings } =
    await import('@langchain/community/embeddings/huggingface_transformers');
  return new HuggingFaceTransformersEmbeddings({ model });
}
