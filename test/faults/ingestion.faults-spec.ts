import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type ClusterServer } from './cluster.js';
import { recordMeasures } from './figures.js';
import { LONG, scaled } from './scale.js';
import { eventually } from './waiting.js';

const KILLS = scaled(4, 200);
/** A kill comes so long after the one before, at most: a server that is back has time to take something up. */
const LONGEST_MS = scaled(1500, 4000);
/** Documents under way at once, as long as there are kills. */
const IN_WORK = 6;
/** Two statements of passages, and two calls to the provider. */
const FILE_BYTES = 80_000;
/** Milliseconds that the provider takes for a batch of passages, so that there is something to be interrupted. */
const EMBEDDING_MS = 250;
const SETTLED_MS = 120_000;
/** A server that lives says so every five seconds. A push does not wait the whole 20 s that the others wait for a dead one. */
const DEAD_SECONDS = 8;

/**
 * RELIABILITY 20: servers are killed while they take documents in. Every document that was accepted ends, ready or failed
 * with the reason; what is found of it is all of it or nothing, and it is what an undisturbed server makes of it.
 */
describe('documents that are taken in by servers that are killed', () => {
  it(
    `${KILLS} times all end, are found whole or not at all, and have the passages that they always have`,
    async () => {
      const cluster = await Cluster.start({
        env: { EMBEDDINGS_PROVIDER: 'openai', EMBEDDINGS_MODEL: 'all-minilm' },
      });
      try {
        const shelf = await Shelf.on(cluster);
        cluster.provider.standIn.script({ match: { path: '/embeddings' }, firstByteMs: EMBEDDING_MS });
        const watch = shelf.watch();
        let storming = true;
        const storm = killAtRandom(cluster).finally(() => (storming = false));
        for (let n = 0; storming; n++) {
          await shelf.upload(cluster.servers[n % 2]!, fileOf(n));
          while (storming && (await shelf.open()) >= IN_WORK) await sleep(50);
        }
        const kills = await storm;
        await cluster.restore();
        const waited = await shelf.settled();
        const looks = await watch.stop();
        const disturbed = await shelf.documents();
        expect(watch.halves).toEqual([]);
        expect(
          disturbed.filter(({ error, status }) => status === 'failed' && typeof error?.message !== 'string'),
        ).toEqual([]);
        // A document is given up after six claims in a row that led to nothing: hardly so with kills seconds apart.
        const ready = disturbed.filter(({ status }) => status === 'ready');
        expect(ready.length).toBeGreaterThanOrEqual(disturbed.length * 0.9);
        await shelf.expectUndisturbed(ready);
        await shelf.expectSameAgain(ready[0]!);
        recordMeasures('ingestion', {
          kills,
          documents: disturbed.length,
          ready: ready.length,
          claims: disturbed.reduce((sum, { attempt }) => sum + attempt, 0),
          looks,
          'last one ready after': `${Math.round(waited / 1000)} s`,
        });
      } finally {
        await cluster.stop();
      }
    },
    KILLS * (LONGEST_MS + 5000) + 2 * SETTLED_MS + 120_000,
  );
});

async function killAtRandom(cluster: Cluster): Promise<number> {
  const restarts: Promise<void>[] = [];
  for (let n = 0; n < KILLS; n++) {
    await sleep(200 + randomInt(LONGEST_MS - 200));
    restarts.push((await cluster.killAny()).back);
  }
  await Promise.all(restarts);
  return KILLS;
}

interface StoredDocument {
  readonly id: string;
  readonly file_name: string;
  readonly status: string;
  readonly attempt: number;
  readonly chunk_count: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A knowledge base, and what is in it. */
class Shelf {
  private readonly accepted = new Set<string>();

  private constructor(
    private readonly cluster: Cluster,
    private readonly key: string,
    private readonly id: string,
  ) {}

  static async on(cluster: Cluster): Promise<Shelf> {
    const { id } = await cluster.admin('knowledge-bases', { name: 'Shelf', language: 'en' });
    return new Shelf(cluster, await cluster.adminKey(), id);
  }

  /** Until a server has accepted it; one that is killed meanwhile may have done so without a word. */
  async upload(first: ClusterServer, file: File): Promise<void> {
    const servers = [first, ...this.cluster.servers.filter((server) => server !== first)];
    for (let tries = 0; tries < 120; tries++) {
      const form = new FormData();
      form.append('file', file);
      try {
        const response = await fetch(`${servers[tries % servers.length]!.url}${this.path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${this.key}` },
          body: form,
          signal: AbortSignal.timeout(10_000),
        });
        if (response.status === 202) {
          this.accepted.add(((await response.json()) as { id: string }).id);
          return;
        }
      } catch {
        // Down, or gone in the middle of it: the next one is asked.
      }
      await sleep(250);
    }
    throw new Error(`no server took ${file.name}`);
  }

  /** Looks, as often as it can, whether some of a document is found and not all of it. */
  watch(): { readonly halves: string[]; stop(): Promise<number> } {
    const halves: string[] = [];
    let looks = 0;
    let running = true;
    const work = (async () => {
      for (; running; looks++) {
        halves.push(...(await this.halves()));
        await sleep(20);
      }
    })();
    return {
      halves,
      stop: async () => {
        running = false;
        await work;
        return looks;
      },
    };
  }

  /** @returns how long it took, in milliseconds */
  async settled(): Promise<number> {
    const began = Date.now();
    const settled = async () => {
      if (!LONG) await this.buryTheDead();
      return (await this.open()) === 0;
    };
    await eventually(settled, 'every document to be ready or failed', SETTLED_MS);
    const known = new Set((await this.documents()).map(({ id }) => id));
    expect([...this.accepted].filter((id) => !known.has(id))).toEqual([]);
    return Date.now() - began;
  }

  /** How many are at no end. */
  async open(): Promise<number> {
    return (await this.documents()).filter(({ status }) => status !== 'ready' && status !== 'failed').length;
  }

  async documents(): Promise<StoredDocument[]> {
    const { rows } = await this.cluster.database.query<StoredDocument>(
      `SELECT id, file_name, status, attempt, chunk_count, error FROM app.document
       WHERE knowledge_base_id = $1 AND deleted_at IS NULL ORDER BY id`,
      [this.id],
    );
    return rows;
  }

  /** The same files once more, by servers that nobody kills: their passages are the same, with vectors and words. */
  async expectUndisturbed(ready: readonly StoredDocument[]): Promise<void> {
    const names = [...new Set(ready.map((document) => document.file_name))];
    const before = new Set((await this.documents()).map(({ id }) => id));
    await Promise.all(names.map((name) => this.upload(this.cluster.a, fileNamed(name))));
    await this.settled();
    const fresh = (await this.documents()).filter(({ id }) => !before.has(id));
    const whole = new Map<string, unknown>();
    for (const document of fresh) whole.set(document.file_name, await this.passages(document.id));
    expect(whole.size).toBe(names.length);
    for (const document of ready) {
      const passages = await this.passages(document.id);
      expect(passages).toEqual(whole.get(document.file_name));
      expect(passages).toHaveLength(document.chunk_count);
    }
    await this.expectCounted();
  }

  /** Read again: the same passages under the same ids. */
  async expectSameAgain(document: StoredDocument): Promise<void> {
    const before = await this.chunkIds(document.id);
    await this.cluster.admin(`knowledge-bases/${this.id}/documents/${document.id}/reindex`, {});
    await this.settled();
    expect(await this.chunkIds(document.id)).toEqual(before);
    await this.expectCounted();
  }

  /** The statistics that ranking rests on, against the rows that they stand for. */
  private async expectCounted(): Promise<void> {
    const { rows } = await this.cluster.database.query(
      `SELECT k.document_count, k.chunk_count, k.term_total::int,
         (SELECT count(*)::int FROM app.document d WHERE d.knowledge_base_id = k.id AND d.status = 'ready') AS documents,
         count(c.id)::int AS chunks, coalesce(sum(c.term_count), 0)::int AS terms
       FROM app.knowledge_base k LEFT JOIN app.chunk c ON c.knowledge_base_id = k.id AND c.searchable
       WHERE k.id = $1 GROUP BY k.tenant_id, k.id`,
      [this.id],
    );
    const { chunks, documents, terms } = rows[0];
    expect(rows[0]).toMatchObject({ document_count: documents, chunk_count: chunks, term_total: terms });
  }

  /** Makes the time seem longer since a server was last heard of that is not heard of any more. */
  private async buryTheDead(): Promise<void> {
    await this.cluster.database.query(
      `UPDATE app.document SET heartbeat_at = heartbeat_at - interval '20 seconds'
       WHERE knowledge_base_id = $1 AND held AND heartbeat_at < now() - make_interval(secs => $2)`,
      [this.id, DEAD_SECONDS],
    );
  }

  private get path(): string {
    return `/api/admin/knowledge-bases/${this.id}/documents`;
  }

  private async halves(): Promise<string[]> {
    const { rows } = await this.cluster.database.query<{ line: string }>(
      `SELECT d.file_name || ' (' || d.status || '): ' || count(c.id) FILTER (WHERE c.searchable) || ' of ' || count(c.id)
         || ' passages, ' || d.chunk_count || ' said' AS line
       FROM app.document d LEFT JOIN app.chunk c ON c.document_id = d.id
       WHERE d.knowledge_base_id = $1 AND d.deleted_at IS NULL GROUP BY d.tenant_id, d.id
       HAVING count(c.id) FILTER (WHERE c.searchable) NOT IN (0, CASE d.status WHEN 'ready' THEN d.chunk_count ELSE 0 END)
         OR d.status = 'ready' AND count(c.id) FILTER (WHERE c.searchable) <> d.chunk_count`,
      [this.id],
    );
    return rows.map(({ line }) => line);
  }

  private async passages(documentId: string): Promise<unknown[]> {
    const { rows } = await this.cluster.database.query(
      `SELECT c.ordinal, c.page, c.section, c.content, c.term_count, c.searchable, c.counted,
         (SELECT count(*)::int FROM app.chunk_vector v WHERE v.chunk_id = c.id) AS vectors,
         (SELECT coalesce(sum(t.tf), 0)::int FROM app.chunk_term t WHERE t.chunk_id = c.id) AS terms
       FROM app.chunk c WHERE c.document_id = $1 ORDER BY c.ordinal`,
      [documentId],
    );
    return rows;
  }

  private async chunkIds(documentId: string): Promise<string[]> {
    const { rows } = await this.cluster.database.query<{ id: string }>(
      'SELECT id FROM app.chunk WHERE document_id = $1 ORDER BY ordinal',
      [documentId],
    );
    return rows.map(({ id }) => id);
  }
}

/** Four texts over and over, so that each is also taken in beside its equal. */
function fileOf(n: number): File {
  return fileNamed(`manual-${n % 4}.md`);
}

function fileNamed(name: string): File {
  const seed = Number(/\d+/.exec(name)?.[0] ?? 0);
  const lines: string[] = [`# Manual ${seed}`];
  for (let at = 0, length = 0; length < FILE_BYTES; at++) {
    const line =
      at % 8 === 0
        ? `\n## Chapter ${at / 8}\n`
        : `Step ${at} of manual ${seed}: turn valve ${(at * 7 + seed) % 31} until gauge ${(at * 13) % 17} reads ${at * 3}. ` +
          `Then wait, look for drops below joint ${at % 11}, and write the time into column ${(at + seed) % 9} of the log.`;
    lines.push(line);
    length += line.length;
  }
  return new File([lines.join('\n')], name, { type: 'text/markdown' });
}
