import type { Embedder } from '../../src/llm/embedder.port.js';

export interface EmbedderUnderTest {
  readonly embedder: Embedder;
  close(): Promise<void>;
}

/** What every embedder does. */
export function embedderConformance(name: string, create: () => Promise<EmbedderUnderTest>): void {
  describe(`${name} as an embedder`, () => {
    const never = new AbortController().signal;
    const untold = (): void => undefined;
    let subject: EmbedderUnderTest;

    beforeAll(async () => {
      subject = await create();
    });
    afterAll(() => subject.close());

    it('gives one vector of unit length and the promised dimensions for each text', async () => {
      const texts = ['Where is my parcel?', 'Ich möchte etwas zurückgeben', '注文を確認したい', '42'];
      const vectors = await subject.embedder.embed(texts, 'passage', never, untold);
      expect(vectors).toHaveLength(texts.length);
      for (const vector of vectors) {
        expect(vector).toBeInstanceOf(Float32Array);
        expect(vector).toHaveLength(subject.embedder.space.dimensions);
        expect(dot(vector, vector)).toBeCloseTo(1, 4);
      }
    });

    it('keeps the order over more texts than a provider takes in one request', async () => {
      const texts = Array.from({ length: 600 }, (_, index) => `passage number ${index} about subject${index % 50}`);
      const vectors = await subject.embedder.embed(texts, 'passage', never, untold);
      expect(vectors).toHaveLength(600);
      for (const index of [0, 255, 256, 599]) {
        const [alone] = await subject.embedder.embed([texts[index] ?? ''], 'passage', never, untold);
        expect(dot(alone, vectors[index])).toBeGreaterThan(0.999);
      }
    });

    it('gives the same vector for the same text', async () => {
      const [first] = await subject.embedder.embed(['Can I return these shoes?'], 'query', never, untold);
      const [second] = await subject.embedder.embed(['Can I return these shoes?'], 'query', never, untold);
      expect(second).toEqual(first);
    });

    it('puts a text nearer to one about the same than to one about something else', async () => {
      const [question, same, other] = await subject.embedder.embed(
        [
          'how do I return damaged shoes',
          'Returns: damaged shoes may be returned within 30 days',
          'Our office is closed on Sundays',
        ],
        'query',
        never,
        untold,
      );
      expect(dot(question, same)).toBeGreaterThan(dot(question, other) + 0.1);
    });

    it('takes empty, blank and very long texts', async () => {
      const vectors = await subject.embedder.embed(['', ' \n ', 'long '.repeat(5000)], 'passage', never, untold);
      for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 4);
    });

    it('gives nothing for nothing', async () => {
      expect(await subject.embedder.embed([], 'passage', never, untold)).toHaveLength(0);
    });

    it('rejects with the reason of an aborted signal', async () => {
      const reason = new Error('no longer wanted');
      await expect(subject.embedder.embed(['a text'], 'passage', AbortSignal.abort(reason), untold)).rejects.toBe(
        reason,
      );
    });
  });
}

export function dot(first: Float32Array | undefined, second: Float32Array | undefined): number {
  if (first === undefined || second === undefined) throw new Error('a vector is missing');
  return first.reduce((sum, value, index) => sum + value * (second[index] ?? 0), 0);
}
