import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHub } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { DomainError } from '#platform/errors';
import { Client } from 'pg';
import { contextOf, message, Reader, type Script } from '../../support/conversation-world.js';
import { peopleWorld } from '../../support/people-world.js';
import { TestDatabase } from '../../support/test-database.js';

type World = ReturnType<typeof peopleWorld>;

/** By hand: INTERLEAVINGS=10000 SEED=… npx jest --selectProjects integration --testPathPatterns interleavings */
const COUNT = Number(process.env['INTERLEAVINGS'] ?? (process.env['DATABASE_URL'] === undefined ? 40 : 240));
const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const AT_ONCE = COUNT > 1000 ? 200 : 60;
const STEPS_EACH = 8;
const SPAN_MS = 300;
const CALLS = ['wants', 'escalate', 'escalate'] as const;
const STEPS = [
  ...(['ask', 'ask', 'ask', 'wants', 'escalate', 'accept', 'accept', 'accept'] as const),
  ...(['reply', 'reply', 'reply', 'return', 'resolve', 'reopen'] as const),
];
/** Not refused for a fault: closed, taken by somebody else, too many wait. */
const EXPECTED = new Set(['CONFLICT', 'CONVERSATION_CLOSED', 'NOT_FOUND']);

/** What the database saw when a message was written, in the transaction that wrote it: independent of what the program checks. */
const OBSERVER = `
CREATE TABLE public.observed (conversation_id uuid, message_id uuid, role text, owner text, epoch bigint);
GRANT INSERT ON public.observed TO switchboard_app;
CREATE FUNCTION public.observe() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.observed SELECT NEW.conversation_id, NEW.id, NEW.role, c.owner, c.owner_epoch
    FROM app.conversation c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.conversation_id;
  RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION public.observe() TO switchboard_app;
CREATE TRIGGER observe AFTER INSERT ON app.message FOR EACH ROW EXECUTE FUNCTION public.observe();`;

/** Small, and the same on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What was acknowledged in one conversation. */
interface Book {
  readonly conversationId: string;
  readonly asked: string[];
  readonly said: string[];
}

describe(`${COUNT} interleavings of an agent, a user and supporters on two instances (seed ${SEED})`, () => {
  let db: TestDatabase;
  let owner: Client;
  let user: RequestContext;
  let supporters: RequestContext[];
  const random = randomOf(SEED);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 16 });
    owner = new Client({ connectionString: db.ownerUrl });
    await owner.connect();
    await owner.query(OBSERVER);
    const { tenantId } = await db.tenant();
    user = contextOf(tenantId, await db.principal(tenantId));
    supporters = [];
    for (let n = 0; n < 2; n++) {
      const ctx = contextOf(tenantId, await db.principal(tenantId, 'supporter'));
      supporters.push({ ...ctx, principal: { ...ctx.principal, role: 'supporter' } });
    }
  }, 60_000);
  afterAll(async () => {
    await owner?.end();
    await db?.stop();
  });

  /** Two words with a pause of some milliseconds before each. */
  const speaks: Script = async (input, emit, signal) => {
    for (const word of ['one ', 'two']) {
      await sleep(Number(input.metadata['pause'] ?? 0), undefined, { signal });
      emit({ type: 'token', content: word });
    }
    return input.metadata['wants'] === true ? { humanRequested: { reason: 'asked in words' } } : {};
  };

  function startWorld(hub: MemoryHub): World {
    return peopleWorld(db.uow, { script: speaks, hub, leaseSeconds: 1 });
  }

  async function tolerant(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DomainError) || !EXPECTED.has(error.code)) throw error;
    }
  }

  async function ask(world: World, book: Book, pause: number, wants = false): Promise<void> {
    const clientMessageId = newId();
    const sent = message('Hello?', {
      conversation: { kind: 'id', id: book.conversationId },
      clientMessageId,
      metadata: { pause, wants },
    });
    await tolerant(async () => {
      const { ack } = await world.turns.submit(user, sent, new Reader());
      book.asked.push(ack.message_id);
    });
  }

  /** What somebody does at some moment: chosen before anything runs, so that a seed makes the same plan. */
  function planStep(worlds: () => World[], book: Book, step: number): () => Promise<void> {
    // Somebody is called early on, and the rest meets there.
    const delay = random() * (step === 0 ? 40 : SPAN_MS);
    const [pause, where] = [random() * 40, random() < 0.5 ? 0 : 1];
    const kind = pick(step === 0 ? CALLS : STEPS);
    const by = pick(supporters);
    const again = random() < 0.3;
    return async () => {
      await sleep(delay);
      const world = worlds()[where] as World;
      if (kind === 'ask' || kind === 'wants') return ask(world, book, pause, kind === 'wants');
      await tolerant(async () => {
        if (kind === 'escalate') {
          await world.requests.request(user, book.conversationId, { cause: 'requested', reason: 'now' });
          return;
        }
        const [found] = await db.uow.query<{ id: string }>(
          user,
          `SELECT id FROM app.escalation WHERE tenant_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT 1`,
          [user.tenantId, book.conversationId],
        );
        if (found === undefined) return;
        switch (kind) {
          case 'accept':
            await world.escalations.accept(by, found.id);
            return;
          case 'return':
            await world.escalations.returnToAgent(by, found.id, 'It is known now');
            return;
          case 'resolve':
            await world.escalations.resolve(by, found.id);
            return;
          case 'reopen':
            await world.escalations.reopen(by, found.id);
            return;
          case 'reply': {
            const reply = { content: 'Here I am', clientMessageId: newId() };
            const ways = [world, ...(again ? [worlds()[1 - where] as World] : [])];
            const told = await Promise.allSettled(ways.map((way) => way.replies.reply(by, found.id, reply)));
            const stored = new Set(told.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : [])));
            expect(stored.size).toBeLessThanOrEqual(1);
            book.said.push(...stored);
            for (const one of told) if (one.status === 'rejected') throw one.reason;
          }
        }
      });
    };
  }

  it(
    'let no agent speak after a person took over, say nothing twice, and lose nothing',
    async () => {
      process.stdout.write(`interleavings: seed ${SEED}\n`);
      const began = performance.now();
      const books: Book[] = [];
      for (let done = 0; done < COUNT; done += AT_ONCE) {
        const hub = new MemoryHub();
        let worlds = [startWorld(hub), startWorld(hub)];
        const started: World[] = [...worlds];
        const batch: Promise<void>[] = [];
        for (let n = 0; n < Math.min(AT_ONCE, COUNT - done); n++) {
          const reader = new Reader();
          const { conversationId } = await worlds[n % 2]!.turns.submit(user, message('Hi', { metadata: {} }), reader);
          const book: Book = { conversationId, asked: [], said: [] };
          books.push(book);
          batch.push(...Array.from({ length: STEPS_EACH }, (_, step) => planStep(() => worlds, book, step)()));
        }
        // One of the two dies in the middle, and another takes its place.
        const [victim, at] = [random() < 0.5 ? 0 : 1, random() * SPAN_MS];
        batch.push(
          sleep(at).then(async () => {
            const dead = worlds[victim] as World;
            const next = startWorld(hub);
            started.push(next);
            worlds = worlds.map((world, index) => (index === victim ? next : world));
            await dead.die();
          }),
        );
        const outcomes = await Promise.allSettled(batch);
        const faults = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
        expect(faults).toEqual([]);
        await settled();
        for (const world of started) await world.stop();
      }
      await judge(books);
      const seconds = (performance.now() - began) / 1000;
      process.stdout.write(`interleavings: ${books.length} in ${seconds.toFixed(1)} s\n`);
    },
    Math.max(120_000, COUNT * 400),
  );

  async function settled(): Promise<void> {
    for (let waited = 0; waited < 30_000; waited += 50) {
      const { rows } = await owner.query(`SELECT 1 FROM app.turn WHERE status IN ('queued', 'running') LIMIT 1`);
      if (rows.length === 0) return;
      await sleep(50);
    }
    throw new Error('a turn never ended');
  }

  async function judge(books: readonly Book[]): Promise<void> {
    const rowsOf = async (sql: string): Promise<unknown[]> => (await owner.query(sql)).rows;
    // By the epoch at the moment of the commit.
    expect(await rowsOf(`SELECT * FROM public.observed WHERE role = 'assistant' AND owner = 'human'`)).toEqual([]);
    expect(await rowsOf(`SELECT * FROM public.observed WHERE role = 'supporter' AND owner = 'agent'`)).toEqual([]);
    expect(
      await rowsOf(
        `SELECT o.* FROM public.observed o JOIN app.message m ON m.id = o.message_id
           JOIN app.turn t ON t.id = m.turn_id WHERE o.role = 'assistant' AND t.owner_epoch <> o.epoch`,
      ),
    ).toEqual([]);
    // An answer a question at most, and none of a turn that was handed off.
    expect(
      await rowsOf(
        `SELECT turn_id FROM app.message WHERE role = 'assistant' AND state = 'final' GROUP BY turn_id HAVING count(*) > 1`,
      ),
    ).toEqual([]);
    expect(
      await rowsOf(
        `SELECT t.id FROM app.turn t JOIN app.message m ON m.turn_id = t.id AND m.role = 'assistant'
          WHERE t.status = 'handed_off'`,
      ),
    ).toEqual([]);
    // Every question has its answer, or is a person's to answer.
    expect(
      await rowsOf(
        `SELECT m.id, t.status FROM app.message m LEFT JOIN app.turn t ON t.id = m.turn_id
          WHERE m.role = 'user' AND NOT (coalesce(t.status, 'handed_off') = 'handed_off' AND m.state = 'final'
            OR t.status = 'completed' AND EXISTS (SELECT 1 FROM app.message a WHERE a.turn_id = t.id AND a.role = 'assistant'))`,
      ),
    ).toEqual([]);
    // At most one open at a time, and a person owns a conversation exactly while somebody has it.
    expect(
      await rowsOf(
        `SELECT c.id FROM app.conversation c WHERE (c.owner = 'human') <> EXISTS (
           SELECT 1 FROM app.escalation e WHERE e.conversation_id = c.id AND e.status = 'assigned')`,
      ),
    ).toEqual([]);
    const stored = new Map<string, { role: string; times: number }>();
    for (const row of (await rowsOf(`SELECT id, role, count(*)::int AS times FROM app.message GROUP BY id, role`)) as {
      id: string;
      role: string;
      times: number;
    }[])
      stored.set(row.id, row);
    for (const { asked, said } of books) {
      for (const id of asked) expect(stored.get(id)).toMatchObject({ role: 'user', times: 1 });
      for (const id of said) expect(stored.get(id)).toMatchObject({ role: 'supporter', times: 1 });
    }
    const counted = async (role: string) =>
      Number((await owner.query(`SELECT count(*) FROM app.message WHERE role = $1`, [role])).rows[0].count);
    // What was acknowledged and nothing else: the first question of each conversation beside it.
    expect(await counted('user')).toBe(books.length + books.reduce((sum, { asked }) => sum + asked.length, 0));
    expect(await counted('supporter')).toBe(books.reduce((sum, { said }) => sum + said.length, 0));
    const figures = await rowsOf(`SELECT status, count(*)::int FROM app.turn GROUP BY status ORDER BY status`);
    const takeOvers = await rowsOf(`SELECT count(*)::int AS n FROM app.audit_event WHERE action = 'escalation.accept'`);
    const wishes = await rowsOf(
      `SELECT status, cause, count(*)::int FROM app.escalation GROUP BY status, cause ORDER BY 1, 2`,
    );
    process.stdout.write(`interleavings: wishes ${JSON.stringify(wishes)}\n`);
    process.stdout.write(`interleavings: turns ${JSON.stringify(figures)}, take-overs ${JSON.stringify(takeOvers)}\n`);
    expect(books.length).toBe(COUNT);
  }
});
