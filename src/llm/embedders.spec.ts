import { dot, embedderConformance } from '../../test/support/embedder.conformance.js';
import { OpenAiStandIn } from '../../test/support/openai-standin.js';
import { Embedder, type EmbeddingSpace } from './embedder.port.js';
import { CachedEmbedder } from './embedding.cache.js';
import type { LlmUsage, UsageSink } from './llm-usage.js';
import { LocalEmbedder } from './local.embedder.js';
import { OpenAiEmbedder } from './openai.embedder.js';
import { ProviderConnection } from './provider-connection.js';
import { TransformersEmbedder } from './transformers.embedder.js';

const never = new AbortController().signal;
const untold = (): void => undefined;
const deadlines = { connectMs: 1000, firstByteMs: 300, idleMs: 300, totalMs: 3000 };
/** Where deadlines are not what is looked at: a busy machine may take its time. */
const patient = { connectMs: 10_000, firstByteMs: 10_000, idleMs: 10_000, totalMs: 30_000 };

embedderConformance('the local embedder', () =>
  Promise.resolve({ embedder: new LocalEmbedder(), close: () => Promise.resolve() }),
);

embedderConformance('the OpenAI embedder', async () => {
  const standIn = await OpenAiStandIn.start();
  const connection = connect(standIn, 'text-embedding-3-small', patient);
  return {
    embedder: new OpenAiEmbedder(connection),
    close: async () => {
      await connection.close();
      await standIn.stop();
    },
  };
});

function connect(standIn: OpenAiStandIn, model: string, within = deadlines): ProviderConnection {
  return new ProviderConnection(
    { provider: 'openai', model, baseUrl: standIn.url, apiKey: 'sk-test-embeddings' },
    within,
  );
}

/** A change of it needs a new `LocalEmbedder.VERSION`: stored vectors would no longer fit the questions. */
const DIGEST = 30921;

describe('LocalEmbedder', () => {
  const embedder = new LocalEmbedder();
  const similarity = async (first: string, second: string): Promise<number> => {
    const [a, b] = await embedder.embed([first, second], 'query', never);
    return dot(a, b);
  };

  it('gives vectors that are the same in every version of the program', async () => {
    const text = 'Where is order A-1042? ¿Cuánto cuesta el envío? Wir erstatten die Rückgabe innerhalb von 14 Tagen.';
    const [vector] = await embedder.embed([text], 'query', never);
    const digest = [...(vector ?? [])].reduce(
      (sum, value, index) => sum + Math.round(value * 1000) * ((index % 97) + 1),
      0,
    );
    expect([embedder.space.model, digest]).toEqual(['hash-v2', DIGEST]);
  });

  it('forgives a typing error', async () => {
    expect(await similarity('track my pakage', 'track my package')).toBeGreaterThan(0.5);
  });

  it('sees through endings in English, Spanish and German', async () => {
    expect(await similarity('shipping costs', 'cost of shipped parcels')).toBeGreaterThan(0.3);
    expect(await similarity('cancelar pedidos', 'cancelación del pedido')).toBeGreaterThan(0.3);
    expect(await similarity('Rechnungen bezahlen', 'die Rechnung bezahlt')).toBeGreaterThan(0.3);
  });

  it('ignores case, accents and the form of a letter', async () => {
    expect(await similarity('ＧＲÖＳＳＥ Café', 'große cafe')).toBeGreaterThan(0.85);
  });

  it('takes wide, narrow and joined forms for the letters that they are', async () => {
    expect(await similarity('ＸＹＺ４５６ ofﬁce', 'xyz456 office')).toBeGreaterThan(0.99);
    expect(await similarity('ﾌﾟｰﾙの規則', 'プールの規則')).toBeGreaterThan(0.99);
  });

  it.each([
    ['荷物の返品はできますか', '返品は到着から三十日以内に受け付けます。', '店舗の営業時間は九時から六時までです。'],
    ['怎么退货', '退货须在收到商品后三十天内申请。', '门店的营业时间是九点到六点。'],
    ['คืนสินค้าได้ไหม', 'ลูกค้าสามารถคืนสินค้าได้ภายในสามสิบวัน', 'ร้านเปิดตั้งแต่เก้าโมงเช้าถึงหกโมงเย็น'],
  ])('finds the words of text without spaces: %s', async (question, answer, other) => {
    expect(await similarity(question, answer)).toBeGreaterThan((await similarity(question, other)) + 0.05);
  });

  it('brings words of one meaning together, also across languages', async () => {
    expect(await similarity('Wo ist meine Rechnung?', 'send me the invoice')).toBeGreaterThan(
      (await similarity('Wo ist meine Rechnung?', 'change the weather forecast')) + 0.05,
    );
  });

  it('does not take texts for alike that share only function words', async () => {
    expect(await similarity('what is the weather in the city', 'what is the price of the shoes')).toBeLessThan(0.55);
  });

  it('embeds a sentence in well under a millisecond', async () => {
    await embedder.embed(['warm up the words of this sentence please'], 'query', never);
    const started = performance.now();
    for (let count = 0; count < 200; count++)
      await embedder.embed([`where is my package number ${count}`], 'query', never);
    expect((performance.now() - started) / 200).toBeLessThan(1);
  });
});

describe('OpenAiEmbedder', () => {
  let standIn: OpenAiStandIn;
  let connection: ProviderConnection;

  beforeEach(async () => {
    standIn = await OpenAiStandIn.start();
    connection = connect(standIn, 'text-embedding-3-large');
  });
  afterEach(async () => {
    await connection.close();
    await standIn.stop();
  });

  it('asks for base64, with the key, and without naming the model’s own dimensions', async () => {
    const embedder = new OpenAiEmbedder(connection);
    const [vector] = await embedder.embed(['one text'], 'query', never, untold);
    expect(vector).toHaveLength(3072);
    const [call] = standIn.calls;
    expect(call?.headers.authorization).toBe('Bearer sk-test-embeddings');
    expect(call?.body).toMatchObject({ encoding_format: 'base64', model: 'text-embedding-3-large' });
    expect(call?.body).not.toHaveProperty('dimensions');
  });

  it('asks for fewer dimensions where its space has fewer', async () => {
    const [vector] = await new OpenAiEmbedder(connection, 1024).embed(['one text'], 'query', never, untold);
    expect(vector).toHaveLength(1024);
    expect(standIn.calls[0]?.body['dimensions']).toBe(1024);
  });

  it('gives the same vectors from a server that knows no base64', async () => {
    const embedder = new OpenAiEmbedder(connection);
    const [packed] = await embedder.embed(['the same text'], 'query', never, untold);
    standIn.options.supports = { jsonSchema: true, tools: true, usage: true, base64: false };
    const [plain] = await embedder.embed(['the same text'], 'query', never, untold);
    expect(dot(packed, plain)).toBeCloseTo(1, 5);
  });

  it('says so when the model gives other dimensions than its space has', async () => {
    standIn.options.dimensions = 100;
    const run = new OpenAiEmbedder(connection).embed(['x'], 'query', never, untold);
    await expect(run).rejects.toMatchObject({
      code: 'LLM_ERROR',
      retryable: false,
      detail: expect.stringContaining('100 dimensions'),
    });
  });

  it('tries once more after a 500, and not after a 401', async () => {
    const embedder = new OpenAiEmbedder(connection);
    standIn.script({ fault: { kind: 'status', status: 500 }, times: 1 });
    expect(await embedder.embed(['x'], 'query', never, untold)).toHaveLength(1);
    standIn.script({ fault: { kind: 'echo-key' } });
    const run = embedder.embed(['x'], 'query', never, untold);
    await expect(run).rejects.toMatchObject({ status: 401, detail: expect.not.stringContaining('sk-test-embeddings') });
    expect(standIn.calls).toHaveLength(3);
  });

  it.each([{ kind: 'short' }, { kind: 'html' }, { kind: 'bad-json' }] as const)(
    'fails on garbage (%j)',
    async (fault) => {
      standIn.script({ fault });
      await expect(new OpenAiEmbedder(connection).embed(['a', 'b'], 'passage', never, untold)).rejects.toMatchObject({
        code: 'LLM_ERROR',
      });
    },
  );

  it('tells what each request cost, also of one whose vectors are no good, and nothing of a refused one', async () => {
    const embedder = new OpenAiEmbedder(connection);
    const told: LlmUsage[] = [];
    const tell = (usage: LlmUsage): void => void told.push(usage);
    await embedder.embed(
      Array.from({ length: 300 }, () => 'twelve letters'),
      'passage',
      never,
      tell,
    );
    expect(told).toHaveLength(2);
    expect(told[0]).toEqual({
      kind: 'embedding',
      inputTokens: expect.any(Number),
      outputTokens: 0,
      costUsd: null,
      provider: 'openai',
      reckonedUsd: expect.any(Number),
      model: 'text-embedding-3-large',
      estimated: false,
    });
    standIn.script({ fault: { kind: 'status', status: 500 }, times: 1 });
    await embedder.embed(['x'], 'query', never, tell);
    expect(told).toHaveLength(3);
    standIn.script({ fault: { kind: 'short' }, times: 1 });
    await expect(embedder.embed(['a', 'b'], 'query', never, tell)).rejects.toMatchObject({ code: 'LLM_ERROR' });
    expect(told).toHaveLength(4);
    standIn.script({ fault: { kind: 'echo-key' }, times: 1 });
    await expect(embedder.embed(['x'], 'query', never, tell)).rejects.toMatchObject({ status: 401 });
    expect(told).toHaveLength(4);
  });

  it('tells what passages cost under the pace, once for each request, also of one that came too late', async () => {
    const embedder = new OpenAiEmbedder(connection);
    const told: LlmUsage[] = [];
    const tell = (usage: LlmUsage): void => void told.push(usage);
    standIn.script({ fault: { kind: 'hang' }, times: 1 });
    const late = embedder.embed(['x'.repeat(400)], 'passage', never, tell);
    await expect(late).rejects.toMatchObject({ code: 'LLM_TIMEOUT' });
    expect(embedder.pace.pauseMs()).toBeGreaterThan(0);
    expect(told).toEqual([expect.objectContaining({ inputTokens: 100, estimated: true })]);
    standIn.script({ fault: { kind: 'status', status: 429, retryAfter: 30 }, times: 1 });
    await expect(embedder.embed(['x'], 'passage', never, tell)).rejects.toMatchObject({ status: 429 });
    expect(told).toHaveLength(1);
    await embedder.embed(['x'], 'passage', never, tell);
    expect(told).toHaveLength(2);
    expect(standIn.calls).toHaveLength(3);
  });

  it('lets neither a question nor a profile wait behind passages', async () => {
    const embedder = new OpenAiEmbedder(connection);
    const stop = new AbortController();
    standIn.script({ fault: { kind: 'hang' }, times: 2 });
    const passages = ['a', 'b', 'c'].map((text) => embedder.embed([text], 'passage', stop.signal, untold));
    const outcomes = Promise.allSettled(passages);
    while (standIn.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    expect(await embedder.embed(['who waits?'], 'profile', never, untold)).toHaveLength(1);
    expect(await embedder.embed(['who waits?'], 'query', never, untold)).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(250);
    stop.abort(new Error('stopped'));
    await outcomes;
  });

  it('counts for itself what an aborted request has sent', async () => {
    standIn.script({ fault: { kind: 'hang' } });
    const told: LlmUsage[] = [];
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('stopped')), 50);
    const run = new OpenAiEmbedder(connection).embed(['x'.repeat(400)], 'query', abort.signal, (usage) =>
      told.push(usage),
    );
    await expect(run).rejects.toThrow('stopped');
    expect(told).toEqual([expect.objectContaining({ kind: 'embedding', inputTokens: 100, estimated: true })]);
  });

  it('gives up on a provider that hangs, and closes the connection when the signal aborts', async () => {
    standIn.script({ fault: { kind: 'hang' } });
    const embedder = new OpenAiEmbedder(connection);
    await expect(embedder.embed(['x'], 'query', never, untold)).rejects.toMatchObject({ code: 'LLM_TIMEOUT' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('stopped')), 50);
    await expect(embedder.embed(['x'], 'query', abort.signal, untold)).rejects.toThrow('stopped');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(standIn.openRequests).toBe(0);
  });
});

describe('TransformersEmbedder', () => {
  it('names the command that installs what is missing', async () => {
    const run = new TransformersEmbedder(undefined).embed(['hello'], 'query', never);
    await expect(run).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('npm install @huggingface/transformers@3.8.1'),
    });
  });

  it('is all-MiniLM-L6-v2 with 384 dimensions unless another model is named', () => {
    expect(new TransformersEmbedder(undefined).space).toEqual({
      provider: 'transformers',
      model: 'Xenova/all-MiniLM-L6-v2',
      dimensions: 384,
    });
    expect(new TransformersEmbedder('Xenova/bge-base-en-v1.5').space.dimensions).toBe(768);
  });

  it('embeds in batches with one loaded model, and tells questions from passages to E5', async () => {
    const seen: string[][] = [];
    let loads = 0;
    const embedder = new TransformersEmbedder('multilingual-e5-small', () => {
      loads++;
      return Promise.resolve({
        embedDocuments: (texts) => {
          seen.push(texts);
          return Promise.resolve(texts.map(() => Array.from({ length: 384 }, (_, index) => (index === 0 ? 1 : 0))));
        },
      });
    });
    expect(
      await embedder.embed(
        Array.from({ length: 40 }, () => 'text'),
        'passage',
        never,
      ),
    ).toHaveLength(40);
    await embedder.embed(['text'], 'query', never);
    await embedder.embed(['text'], 'profile', never);
    expect(loads).toBe(1);
    expect(seen.map((batch) => batch.length)).toEqual([32, 8, 1, 1]);
    expect([seen[0]?.[0], seen[2]?.[0], seen[3]?.[0]]).toEqual(['passage: text', 'query: text', 'passage: text']);
  });

  it('refuses a model whose vectors do not fit', async () => {
    const embedder = new TransformersEmbedder('somebody/other', () =>
      Promise.resolve({ embedDocuments: (texts) => Promise.resolve(texts.map(() => [1, 0])) }),
    );
    await expect(embedder.embed(['x'], 'query', never)).rejects.toThrow('2 dimensions, not 384');
  });

  it('tries to load again after a failed download', async () => {
    let loads = 0;
    const embedder = new TransformersEmbedder(undefined, () => Promise.reject(new Error(`offline ${++loads}`)));
    await expect(embedder.embed(['x'], 'query', never)).rejects.toThrow('offline 1');
    await expect(embedder.embed(['x'], 'query', never)).rejects.toThrow('offline 2');
  });
});

describe('CachedEmbedder', () => {
  class CountingEmbedder extends Embedder {
    readonly space: EmbeddingSpace = { provider: 'test', model: 'counting', dimensions: 1 };
    readonly asked: string[][] = [];
    override embed(
      texts: readonly string[],
      _kind: 'query' | 'passage',
      _signal: AbortSignal,
      onUsage: UsageSink,
    ): Promise<readonly Float32Array[]> {
      this.asked.push([...texts]);
      const inputTokens = texts.length;
      onUsage({ kind: 'embedding', inputTokens, outputTokens: 0, costUsd: null, model: 'counting', estimated: false });
      return Promise.resolve(texts.map((text) => Float32Array.of(text.length)));
    }
  }

  it('embeds a question once, and asks only for what it does not know', async () => {
    const inner = new CountingEmbedder();
    const cached = new CachedEmbedder(inner);
    await cached.embed(['a', 'bb'], 'query', never, untold);
    const vectors = await cached.embed(['bb', 'ccc', 'a', 'ccc'], 'query', never, untold);
    expect(vectors.map((vector) => vector[0])).toEqual([2, 3, 1, 3]);
    expect(inner.asked).toEqual([['a', 'bb'], ['ccc']]);
  });

  it('costs nothing where it remembers', async () => {
    const cached = new CachedEmbedder(new CountingEmbedder());
    const told: LlmUsage[] = [];
    const tell = (usage: LlmUsage): void => void told.push(usage);
    await cached.embed(['a', 'b'], 'query', never, tell);
    await cached.embed(['a', 'b'], 'query', never, tell);
    await cached.embed(['a', 'c'], 'query', never, tell);
    expect(told.map(({ inputTokens }) => inputTokens)).toEqual([2, 1]);
  });

  it.each(['passage', 'profile'] as const)('does not keep a %s', async (kind) => {
    const inner = new CountingEmbedder();
    const cached = new CachedEmbedder(inner);
    await cached.embed(['a'], 'query', never, untold);
    await cached.embed(['a'], kind, never, untold);
    await cached.embed(['a'], kind, never, untold);
    expect(inner.asked).toHaveLength(3);
  });

  it('forgets the question that was not asked for longest', async () => {
    const inner = new CountingEmbedder();
    const cached = new CachedEmbedder(inner);
    await cached.embed(['first', 'second'], 'query', never, untold);
    await cached.embed(
      Array.from({ length: 498 }, (_, index) => `q${index}`),
      'query',
      never,
      untold,
    );
    await cached.embed(['first'], 'query', never, untold);
    await cached.embed(['one more'], 'query', never, untold);
    inner.asked.length = 0;
    await cached.embed(['first', 'second'], 'query', never, untold);
    expect(inner.asked).toEqual([['second']]);
  });
});
