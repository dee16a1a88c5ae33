import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestContext } from '#platform/context';
import { CommitInDoubtError, newId } from '#platform/database';
import { DomainError, RateLimitError } from '#platform/errors';
import {
  contextOf,
  conversationWorld,
  message,
  Reader,
  type Script,
  seqsOf,
  turnOf,
} from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';

const words: Script = async (_input, emit) => {
  emit({ type: 'status', step: 'generating', message: 'Generating response...', agent: 'support' });
  for (const word of ['The ', 'answer ', 'is ', '42.']) emit({ type: 'token', content: word });
};

const call = { kind: 'chat', model: 'm', estimated: false } as const;

/** Streams until it is told to stop. */
const endless: Script = async (_input, emit, signal) => {
  for (let n = 0; !signal.aborted; n++) {
    emit({ type: 'token', content: `${n} ` });
    await sleep(10);
  }
  throw signal.reason;
};

describe('turns', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let other: RequestContext;
  let world: ReturnType<typeof conversationWorld>;
  const worlds: ReturnType<typeof conversationWorld>[] = [];
  const start = (options: Parameters<typeof conversationWorld>[1]) => {
    const made = conversationWorld(db.uow, options);
    worlds.push(made);
    return made;
  };

  beforeAll(async () => {
    db = await TestDatabase.start();
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
    other = contextOf(tenantId, await db.principal(tenantId));
  });
  beforeEach(() => {
    world = start({ script: words });
  });
  afterEach(async () => {
    for (const made of worlds.splice(0)) await made.stop();
  });
  afterAll(() => db.stop());

  it('acknowledges first, streams, and ends with the stored message and one done', async () => {
    const reader = new Reader();
    const submitted = await world.turns.submit(ctx, message('What is it?'), reader);
    expect(reader.types()[0]).toBe('ack');
    await reader.done();
    expect(reader.types()).toEqual(['ack', 'turn', 'status', 'token', 'token', 'token', 'token', 'message', 'done']);
    expect(reader.events[1]).toMatchObject({
      status: 'running',
      attempt: 1,
      start: 1,
      question_id: submitted.ack.message_id,
    });
    expect(reader.events.find((event) => event.type === 'message')).toMatchObject({
      id: reader.events[1]?.type === 'turn' ? reader.events[1].answer_id : null,
    });
    expect(reader.text()).toBe('The answer is 42.');
    const seqs = seqsOf(reader.events);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    const stored = await world.conversations.listMessages(ctx, submitted.conversationId, {
      limit: 10,
      after: null,
      descending: false,
    });
    expect(stored.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'What is it?'],
      ['assistant', 'The answer is 42.'],
    ]);
    expect(stored[1]?.seq).toBe(reader.events.find((event) => event.type === 'message')?.seq);
    expect(stored[1]?.metadata).toMatchObject({ intent: 'qa', agents: ['support'], chunks_used: 0, degraded: false });
    expect(await world.conversations.get(ctx, submitted.conversationId)).toMatchObject({
      message_count: 2,
      status: 'active',
    });
  });

  it('shows the model the last completed messages only, oldest first', async () => {
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('one'), reader);
    await reader.done();
    world.play(async () => {
      throw new Error('no');
    });
    const failed = await world.turns.submit(
      ctx,
      message('two', { conversation: { kind: 'id', id: conversationId } }),
      reader,
    );
    await reader.done(turnOf(failed));
    world.play(words);
    const last = await world.turns.submit(
      ctx,
      message('three', { conversation: { kind: 'id', id: conversationId } }),
      reader,
    );
    await reader.done(turnOf(last));
    expect(world.inputs.at(-1)?.history.map(({ role, content }) => [role, content])).toEqual([
      ['user', 'one'],
      ['assistant', 'The answer is 42.'],
    ]);
  });

  it('tells the next turn what answered the one before, and everything that it asked for', async () => {
    const place = { document_id: newId(), title: 'Fares', section: 'Children' };
    const cited = { ...place, n: 1, chunk_id: newId(), page: null, url: null, score: 1, quote: 'Free.' };
    const awaiting = ['tickets', 'meals'].map((agent) => ({ agent, tool: 'book', entities: {}, missing: ['day'] }));
    world.play(async (_input, emit) => {
      emit({ type: 'token', content: 'When?' });
      return { agents: ['tickets', 'meals'], intent: 'tickets', language: 'en', awaiting, citations: [cited, cited] };
    });
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('a ticket and a meal'), reader);
    await reader.done();
    const next = message('on Monday', { conversation: { kind: 'id', id: first.conversationId } });
    await reader.done(turnOf(await world.turns.submit(ctx, next, reader)));
    expect(world.inputs.at(-1)?.history.at(-1)?.metadata).toEqual({
      agents: ['tickets', 'meals'],
      intent: 'tickets',
      language: 'en',
      awaiting,
      // The first alone, and where it stands.
      citations: [place],
    });
  });

  it('leaves the conversation as it was when a turn fails, and takes the same message again', async () => {
    world.play(async (_input, emit) => {
      emit({ type: 'token', content: 'Half of ' });
      throw new DomainError({
        code: 'LLM_ERROR',
        kind: 'upstream',
        message: 'Something went wrong. Please try again.',
        retryable: true,
      });
    });
    const clientMessageId = newId();
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('Hello?', { clientMessageId }), reader);
    await reader.done();
    expect(reader.types().slice(-2)).toEqual(['error', 'done']);
    expect(reader.events.find((event) => event.type === 'error')).toMatchObject({
      code: 'LLM_ERROR',
      retryable: true,
      client_message_id: clientMessageId,
    });
    const id = first.conversationId;
    expect(await world.conversations.listMessages(ctx, id, { limit: 10, after: null, descending: false })).toEqual([]);
    expect((await world.conversations.list(ctx, { limit: 100, before: null })).map((row) => row.id)).not.toContain(id);
    const failed = await world.conversations.getTurn(ctx, id, turnOf(first));
    expect(failed).toMatchObject({
      status: 'failed',
      content: 'Hello?',
      attempt: 1,
      error: { code: 'LLM_ERROR', retryable: true },
    });

    world.play(words);
    const again = await world.turns.submit(ctx, message('Hello?', { clientMessageId }), reader);
    await reader.done(turnOf(again));
    expect(again.ack.message_id).toBe(first.ack.message_id);
    expect(turnOf(again)).not.toBe(turnOf(first));
    expect(again.conversationId).toBe(id);
    expect((await world.conversations.getTurn(ctx, id, turnOf(again))).attempt).toBe(2);
    expect(await world.conversations.listMessages(ctx, id, { limit: 10, after: null, descending: false })).toHaveLength(
      2,
    );
  });

  it('answers a repeat with the identical ack and the stored end, at no cost', async () => {
    const clientMessageId = newId();
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('Hi', { clientMessageId }), reader);
    await reader.done();
    const consumed = world.limits.consumed;
    const repeater = new Reader();
    const second = await world.turns.submit(ctx, message('Hi', { clientMessageId }), repeater);
    expect(second.repeated).toBe(true);
    expect(second.ack).toEqual(first.ack);
    expect(repeater.types()).toEqual(['ack', 'message', 'done']);
    expect(world.limits.consumed).toBe(consumed);
    expect(world.inputs).toHaveLength(1);
    await expect(world.turns.submit(ctx, message('Other', { clientMessageId }), repeater)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('repeats nothing into the hands of a person that is there already', async () => {
    world.play(async () => {
      throw new Error('no');
    });
    const reader = new Reader();
    const hello = message('Hello?', { clientMessageId: newId() });
    const { ack, conversationId } = await world.turns.submit(ctx, hello, reader);
    await reader.done(turnOf({ ack }));
    await db.uow.query(
      ctx,
      `UPDATE app.conversation SET owner = 'human', owner_epoch = owner_epoch + 1 WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, conversationId],
    );
    const handed = await world.turns.submit(ctx, hello, reader);
    expect(handed.ack.turn_id).toBeNull();
    const again = await world.turns.submit(ctx, hello, reader);
    expect(again).toMatchObject({ repeated: true, ack: handed.ack });
    expect(await world.conversations.get(ctx, conversationId)).toMatchObject({ message_count: 1 });
  });

  it.each([false, true])('finds its own message after a commit whose reply was lost (named: %s)', async (named) => {
    for (const lands of ['at once', 'late']) {
      const late: (() => Promise<unknown>)[] = [];
      let calls = 0;
      const doubtful = Object.create(db.uow) as typeof db.uow;
      doubtful.run = async (scope, work, options) => {
        calls++;
        if (calls === 1) {
          if (lands === 'late') late.push(() => db.uow.run(scope, work, options));
          else await db.uow.run(scope, work, options);
          throw new CommitInDoubtError(new Error('reply lost'));
        }
        if (calls === 3) for (const land of late) await land();
        return db.uow.run(scope, work, options);
      };
      const unlucky = start({ script: words });
      Object.assign(unlucky.turns, { uow: doubtful });
      Object.assign(unlucky.acceptance, { uow: doubtful });
      const reader = new Reader();
      const conversation = { kind: 'key', key: `named-${lands}` } as const;
      const names = named ? { conversation, clientMessageId: newId() } : {};
      const { ack } = await unlucky.turns.submit(ctx, message('q', names), reader);
      expect(await reader.done(turnOf({ ack }))).toMatchObject({ status: 'completed' });
      // Begun by the one that took it, for the first time: another world of this database looks for abandoned turns too.
      expect(unlucky.inputs).toHaveLength(1);
      expect(reader.types()[0]).toBe('ack');
      expect(await reader.until(({ type }) => type === 'turn')).toMatchObject({ status: 'running', start: 1 });
      expect(unlucky.limits.consumed).toBe(1);
    }
  });

  it('makes one conversation and one turn of a first message that is sent many times at once', async () => {
    const clientMessageId = newId();
    const readers = Array.from({ length: 8 }, () => new Reader());
    const results = await Promise.all(
      readers.map((reader) => world.turns.submit(ctx, message('Hi', { clientMessageId }), reader)),
    );
    await Promise.all(readers.map((reader) => reader.done()));
    expect(new Set(results.map((result) => turnOf(result))).size).toBe(1);
    expect(new Set(results.map((result) => JSON.stringify(result.ack))).size).toBe(1);
    expect(world.inputs).toHaveLength(1);
    for (const reader of readers) expect(reader.types().filter((type) => type === 'done')).toHaveLength(1);
  });

  it("makes a conversation of the client's own key, and finds it again", async () => {
    const reader = new Reader();
    const conversation = { kind: 'key', key: 'abc123' } as const;
    const first = await world.turns.submit(ctx, message('one', { conversation }), reader);
    await reader.done(turnOf(first));
    const second = await world.turns.submit(ctx, message('two', { conversation }), reader);
    await reader.done(turnOf(second));
    expect(second.conversationId).toBe(first.conversationId);
    expect(second.clientKey).toBe('abc123');
    const elsewhere = await world.turns.submit(other, message('mine', { conversation }), new Reader());
    expect(elsewhere.conversationId).not.toBe(first.conversationId);
  });

  it("takes a key that equals the id of one of the user's conversations for that one", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(async (_input, _emit, signal) => {
      await Promise.race([gate, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      signal.throwIfAborted();
    });
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('one'), reader);
    const byKey = { kind: 'key', key: conversationId } as const;
    expect(await world.conversations.resolve(ctx, byKey)).toBe(conversationId);
    const second = await world.turns.submit(ctx, message('two', { conversation: byKey }), reader);
    expect(second.conversationId).toBe(conversationId);
    expect(await world.turns.abort(ctx, { conversation: byKey })).toHaveLength(2);
    // Somebody else's id is a key like any other.
    const elsewhere = await world.turns.submit(other, message('mine', { conversation: byKey }), new Reader());
    expect(elsewhere.conversationId).not.toBe(conversationId);
    expect(elsewhere.clientKey).toBe(conversationId);
    release();
  });

  it('restores the conversation whose question is being answered as the latest', async () => {
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('one'), reader);
    await reader.done(turnOf(first));
    const second = await world.turns.submit(ctx, message('two'), reader);
    await reader.done(turnOf(second));
    expect(await world.conversations.latest(ctx)).toBe(second.conversationId);
    let release: () => void = () => undefined;
    world.play(() => new Promise<void>((resolve) => (release = resolve)));
    const conversation = { kind: 'id', id: first.conversationId } as const;
    const third = await world.turns.submit(ctx, message('three', { conversation }), reader);
    const fourth = await world.turns.submit(ctx, message('four', { conversation }), reader);
    expect(await world.conversations.latest(ctx)).toBe(first.conversationId);
    // Beside what waits, what runs is shown.
    const late = new Reader();
    await world.conversations.resume(ctx, first.conversationId, 'now', late);
    expect(late.events[0]).toMatchObject({ type: 'context_restored', turn: { turn_id: turnOf(third) } });
    world.play(words);
    release();
    await reader.done(turnOf(fourth));
  });

  it("does not know another user's conversation", async () => {
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('one'), reader);
    const id = { kind: 'id', id: conversationId } as const;
    const expected = { code: 'NOT_FOUND', message: 'Conversation not found or access denied' };
    await expect(world.turns.submit(other, message('x', { conversation: id }), new Reader())).rejects.toMatchObject(
      expected,
    );
    await expect(world.conversations.resume(other, conversationId, 0, new Reader())).rejects.toMatchObject(expected);
    await expect(world.conversations.get(other, conversationId)).rejects.toMatchObject(expected);
    await expect(world.conversations.delete(other, conversationId)).rejects.toMatchObject(expected);
    await expect(world.turns.abort(other, { conversation: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lets five messages wait, refuses the sixth, and answers them in order', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(async (input, emit) => {
      await gate;
      emit({ type: 'token', content: input.content });
    });
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('m0'), reader);
    const conversation = { kind: 'id', id: first.conversationId } as const;
    const rest = [];
    for (let n = 1; n <= 5; n++) rest.push(await world.turns.submit(ctx, message(`m${n}`, { conversation }), reader));
    await expect(world.turns.submit(ctx, message('m6', { conversation }), reader)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    release();
    await reader.done(turnOf(rest.at(-1)));
    expect(world.inputs.map((input) => input.content)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
    // Each sees the answers before it.
    expect(world.inputs.at(-1)?.history).toHaveLength(10);
    const seqs = seqsOf(reader.events);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it('shows the model each question beside its answer, also those that waited', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(async (input, emit) => {
      if (input.content === 'q1') await gate;
      emit({ type: 'token', content: `a of ${input.content}` });
    });
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('q1'), reader);
    const conversation = { kind: 'id', id: first.conversationId } as const;
    await world.turns.submit(ctx, message('q2', { conversation }), reader);
    const third = await world.turns.submit(ctx, message('q3', { conversation }), reader);
    expect(reader.events.find((event) => event.type === 'status')).toMatchObject({
      step: 'queued',
      message: 'One moment, please',
    });
    release();
    await reader.done(turnOf(third));
    expect(world.inputs.at(-1)?.history.map(({ content }) => content)).toEqual(['q1', 'a of q1', 'q2', 'a of q2']);
  });

  it('refuses an agent that the caller may not use, before anything is written', async () => {
    const before = await world.conversations.list(ctx, { limit: 100, before: null });
    await expect(world.turns.submit(ctx, message('q', { agent: 'secret' }), new Reader())).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'agent',
    });
    expect(await world.conversations.list(ctx, { limit: 100, before: null })).toEqual(before);
    expect(world.limits.consumed).toBe(0);
  });

  it('stores what a model wrote without what cannot be stored', async () => {
    world.play(async (_input, emit) => {
      for (const content of ['a\0b ', '\ud83d', '\ude00', ' \ud800 c']) emit({ type: 'token', content });
    });
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), reader);
    expect(await reader.done()).toMatchObject({ status: 'completed' });
    const [, answer] = await world.conversations.listMessages(ctx, conversationId, {
      limit: 10,
      after: null,
      descending: false,
    });
    expect(answer?.content).toBe('ab \u{1f600} \ufffd c');
  });

  it('keeps no half of a character of an answer that was stopped', async () => {
    world.play(async (_input, emit, signal) => {
      emit({ type: 'token', content: 'smile \ud83d' });
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const reader = new Reader();
    await world.turns.submit(ctx, message('q'), reader);
    await reader.until((event) => event.type === 'token');
    await world.turns.abort(ctx, { startedBy: reader.id });
    await reader.done();
    expect(reader.events.find((event) => event.type === 'message')).toMatchObject({ content: 'smile ' });
  });

  it('answers a repeat of a stopped message with what was kept: a Stop is final', async () => {
    world.play(endless);
    const clientMessageId = newId();
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('q', { clientMessageId }), reader);
    await reader.until((event) => event.type === 'token');
    await world.turns.abort(ctx, { turnId: turnOf(first) });
    await reader.done();
    const repeater = new Reader();
    const again = await world.turns.submit(ctx, message('q', { clientMessageId }), repeater);
    expect(again).toMatchObject({ ack: first.ack, repeated: true });
    expect(repeater.types()).toEqual(['ack', 'message', 'done']);
    expect(repeater.events.at(-1)).toMatchObject({ status: 'cancelled' });
    expect(world.inputs).toHaveLength(1);
  });

  it('fails a turn at once whose answer the database refuses for its content', async () => {
    world.play(async (_input, emit) => {
      emit({ type: 'token', content: 'fine' });
      // No numeric of the usage table holds it.
      emit({ type: 'usage', entry: { ...call, purpose: 'answer', inputTokens: 1, outputTokens: 1, costUsd: 1e300 } });
    });
    const reader = new Reader();
    await world.turns.submit(ctx, message('q'), reader);
    expect(await reader.done()).toMatchObject({ status: 'failed' });
  });

  it('lets tenants take turns when it is full', async () => {
    // Other worlds of this database would take what waits.
    for (const other of worlds.splice(0)) await other.stop();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];
    const small = start({
      mostRunning: 1,
      script: async (input, emit) => {
        order.push(input.content);
        if (input.content === 'first') await gate;
        emit({ type: 'token', content: 'ok' });
      },
    });
    const { tenantId } = await db.tenant();
    const stranger = contextOf(tenantId, await db.principal(tenantId));
    const reader = new Reader();
    const sent = [await small.turns.submit(ctx, message('first'), reader)];
    for (const name of ['a1', 'a2', 'a3']) sent.push(await small.turns.submit(ctx, message(name), reader));
    for (const name of ['b1', 'b2']) sent.push(await small.turns.submit(stranger, message(name), reader));
    expect(sent.slice(1).map(({ turnStatus }) => turnStatus)).toEqual(Array.from({ length: 5 }, () => 'queued'));
    release();
    for (const one of sent) expect(await reader.done(turnOf(one))).toMatchObject({ status: 'completed' });
    // Each tenant's in the order in which they came; whoever was served last comes last.
    expect(order).toEqual(['first', 'b1', 'a1', 'b2', 'a2', 'a3']);
  });

  it('takes a message for the person who owns the conversation, without a turn', async () => {
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), reader);
    await reader.done();
    await db.uow.query(
      ctx,
      `UPDATE app.conversation SET owner = 'human', owner_epoch = owner_epoch + 1 WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, conversationId],
    );
    const watching = new Reader();
    await world.conversations.resume(ctx, conversationId, 'now', watching);
    const clientMessageId = newId();
    const conversation = { kind: 'id', id: conversationId } as const;
    const sent = await world.turns.submit(ctx, message('to a person', { conversation, clientMessageId }), reader);
    expect(sent).toMatchObject({ ack: { turn_id: null }, turnStatus: null });
    expect(await watching.until((event) => event.type === 'message')).toMatchObject({ content: 'to a person' });
    const again = await world.turns.submit(ctx, message('to a person', { conversation, clientMessageId }), reader);
    expect(again).toMatchObject({ ack: sent.ack, repeated: true });
    expect(world.inputs).toHaveLength(1);
  });

  it('refuses or interrupts instead of queueing where the tenant says so', async () => {
    const rejecting = start({ script: endless, queueMode: 'reject' });
    const reader = new Reader();
    const first = await rejecting.turns.submit(ctx, message('one'), reader);
    const conversation = { kind: 'id', id: first.conversationId } as const;
    await expect(rejecting.turns.submit(ctx, message('two', { conversation }), reader)).rejects.toMatchObject({
      code: 'CONFLICT',
    });

    const interrupting = start({ script: endless, queueMode: 'interrupt' });
    const second = await interrupting.turns.submit(ctx, message('one'), reader);
    await reader.until((event) => event.type === 'token' && event.turn_id === turnOf(second));
    interrupting.play(words);
    const third = await interrupting.turns.submit(
      ctx,
      message('two', { conversation: { kind: 'id', id: second.conversationId } }),
      reader,
    );
    expect(await reader.done(turnOf(second))).toMatchObject({ status: 'cancelled' });
    expect(await reader.done(turnOf(third))).toMatchObject({ status: 'completed' });
  });

  it('keeps question and partial answer of a cancelled turn, and hides them from the model', async () => {
    world.play(endless);
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('count'), reader);
    await reader.until((event) => event.type === 'token');
    const stopped = Date.now();
    await world.turns.abort(ctx, { startedBy: reader.id });
    expect(await reader.done()).toMatchObject({ status: 'cancelled' });
    expect(Date.now() - stopped).toBeLessThan(1000);
    expect(reader.types()).not.toContain('error');
    const id = first.conversationId;
    const kept = await world.conversations.listMessages(ctx, id, { limit: 10, after: null, descending: false });
    expect(kept.map((row) => row.role)).toEqual(['user', 'assistant']);
    expect(kept[1]).toMatchObject({ content: reader.text(), metadata: { partial: true } });
    world.play(words);
    const next = await world.turns.submit(ctx, message('again', { conversation: { kind: 'id', id } }), reader);
    await reader.done(turnOf(next));
    expect(world.inputs.at(-1)?.history).toEqual([]);
    await expect(world.turns.abort(ctx, { startedBy: reader.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('ends a turn whose graph does not come back, within its time limit', async () => {
    const limited = start({ script: () => new Promise(() => undefined), turnSeconds: 1 });
    const reader = new Reader();
    await limited.turns.submit(ctx, message('hang'), reader);
    expect(await reader.done()).toMatchObject({ status: 'failed' });
    expect(reader.events.find((event) => event.type === 'error')).toMatchObject({
      code: 'TURN_TIMEOUT',
      scope: 'turn',
      retryable: true,
    });
  });

  it('fails visibly when what it found cannot be written, and also when what it cost cannot', async () => {
    const reader = new Reader();
    world.play(async () => ({ content: undefined as unknown as string }));
    const nothing = await world.turns.submit(ctx, message('no answer'), reader);
    expect(await reader.done(turnOf(nothing))).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
    // No integer to Postgres.
    world.play(async (_input, emit) => {
      emit({
        type: 'usage',
        entry: { ...call, model: 'm', purpose: 'answer', inputTokens: 3e9, outputTokens: 1, costUsd: 0 },
      });
      emit({ type: 'token', content: 'ok' });
    });
    const dear = await world.turns.submit(ctx, message('odd count'), reader);
    expect(await reader.done(turnOf(dear))).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
    expect(world.runner.size).toBe(0);
  });

  it('goes on without its readers, unless it was to end with the last of them', async () => {
    world.play(async (_input, emit) => {
      await sleep(100);
      emit({ type: 'token', content: 'late' });
    });
    const leaver = new Reader();
    const first = await world.turns.submit(ctx, message('stay'), leaver);
    world.conversations.unsubscribe(leaver.id);
    await world.stopper.settled(ctx, turnOf(first), 3000);
    expect(await world.conversations.getTurn(ctx, first.conversationId, turnOf(first))).toMatchObject({
      status: 'completed',
    });
    expect(leaver.types()).toEqual(['ack', 'turn']);

    world.play(endless);
    const second = await world.turns.submit(ctx, message('go', { onDisconnect: 'cancel' }), leaver);
    const watcher = new Reader();
    await world.conversations.resume(ctx, second.conversationId, 0, watcher);
    world.conversations.unsubscribe(leaver.id);
    await sleep(50);
    expect(world.runner.has(turnOf(second))).toBe(true);
    world.conversations.unsubscribe(watcher.id);
    await world.stopper.settled(ctx, turnOf(second), 1000);
    expect(await world.conversations.getTurn(ctx, second.conversationId, turnOf(second))).toMatchObject({
      status: 'cancelled',
    });
  });

  it('shows the same turn to every reader, also to one that comes in the middle', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(async (_input, emit) => {
      emit({ type: 'status', step: 'routing', message: 'Classifying your query...' });
      emit({ type: 'token', content: 'first ' });
      await gate;
      emit({ type: 'token', content: 'second' });
    });
    const early = new Reader();
    const watching = new Reader();
    const { conversationId, ack } = await world.turns.submit(ctx, message('q'), early);
    await early.until((event) => event.type === 'token');
    await world.conversations.resume(ctx, conversationId, 0, watching);
    expect(watching.types()).toEqual(['context_restored', 'message', 'turn', 'token']);
    expect(watching.events[0]).toMatchObject({ turn: { turn_id: turnOf({ ack }), status: 'running', text: 'first ' } });
    release();
    await Promise.all([early.done(), watching.done()]);
    expect(watching.text()).toBe('first second');
    const ends = (reader: Reader) => reader.events.slice(-2);
    expect(ends(watching)).toEqual(ends(early));

    const late = new Reader();
    await world.conversations.resume(ctx, conversationId, 0, late);
    expect(late.types()).toEqual(['context_restored', 'message', 'message', 'done']);
    const [question] = seqsOf(late.events);
    const later = new Reader();
    await world.conversations.resume(ctx, conversationId, question ?? 0, later);
    expect(later.types()).toEqual(['context_restored', 'message', 'done']);
  });

  it('replays five hundred stored frames at most, and says so to whoever is further behind', async () => {
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), reader);
    await reader.done();
    // With question, answer and `done` of that turn one too many.
    await db.uow.query(
      ctx,
      `INSERT INTO app.message (tenant_id, id, conversation_id, seq, role, content)
       SELECT $1, gen_random_uuid(), $2, n, 'user', 'old ' || n FROM generate_series(1, 498) n`,
      [ctx.tenantId, conversationId],
    );
    const resume = async (afterSeq: number) => {
      const made = new Reader();
      await world.conversations.resume(ctx, conversationId, afterSeq, made);
      const [restored, ...replayed] = made.events;
      return { restored, replayed };
    };
    const tooFar = await resume(0);
    expect(tooFar.restored).toMatchObject({ type: 'context_restored', snapshot: true });
    expect(tooFar.restored?.type === 'context_restored' && tooFar.restored.messages).toHaveLength(20);
    const inTime = await resume(1);
    expect(inTime.restored).toMatchObject({ type: 'context_restored', snapshot: false });
    // The newest, the same for both: nothing in between is missing.
    expect(inTime.replayed).toHaveLength(500);
    expect(inTime.replayed[0]).toMatchObject({ type: 'message', content: 'old 2' });
    expect(inTime.replayed.at(-1)).toMatchObject({ type: 'done' });
    expect(tooFar.replayed).toEqual(inTime.replayed);
  });

  it('loses and doubles nothing for readers that come and go all through a turn', async () => {
    world.play(async (_input, emit) => {
      for (let n = 0; n < 150; n++) {
        emit({ type: 'token', content: `${n}|` });
        if (n % 10 === 0) emit({ type: 'status', step: 'tool', message: `step ${n}` });
        await sleep(2);
      }
    });
    const first = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), first);
    const readers: Reader[] = [];
    for (let n = 0; n < 20; n++) {
      const reader = new Reader();
      readers.push(reader);
      await world.conversations.resume(ctx, conversationId, 0, reader);
      await sleep(10);
    }
    await Promise.all([first, ...readers].map((reader) => reader.done()));
    for (const reader of readers) {
      // One that came after the end has the message instead.
      const stored = reader.events.find((event) => event.type === 'message' && event.role === 'assistant');
      expect(stored).toMatchObject({ content: first.text() });
      if (reader.types().includes('token')) expect(reader.text()).toBe(first.text());
      const kept = seqsOf(reader.events.filter((event) => event.type !== 'token'));
      expect(new Set(kept).size).toBe(kept.length);
    }
  });

  it('does not publish an answer of a conversation that a person took over', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(async (_input, emit) => {
      await gate;
      emit({ type: 'token', content: 'too late' });
    });
    const reader = new Reader();
    const { conversationId, ack } = await world.turns.submit(ctx, message('q'), reader);
    await db.uow.query(
      ctx,
      `UPDATE app.conversation SET owner = 'human', owner_epoch = owner_epoch + 1 WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, conversationId],
    );
    release();
    await world.stopper.settled(ctx, turnOf({ ack }), 3000);
    expect(await reader.done()).toMatchObject({ status: 'handed_off' });
    expect(reader.types()).not.toContain('message');
    expect(reader.text()).toBe('');
    const messages = await world.conversations.listMessages(ctx, conversationId, {
      limit: 10,
      after: null,
      descending: false,
    });
    expect(messages.filter((row) => row.role === 'assistant')).toEqual([]);
  });

  it('asks no model for a message that waited until a person took over', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(() => gate);
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('one'), reader);
    const conversation = { kind: 'id', id: conversationId } as const;
    const second = await world.turns.submit(ctx, message('two', { conversation }), reader);
    await db.uow.query(
      ctx,
      `UPDATE app.conversation SET owner = 'human', owner_epoch = owner_epoch + 1 WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, conversationId],
    );
    release();
    expect(await reader.done(turnOf(second))).toMatchObject({ status: 'handed_off' });
    expect(world.inputs).toHaveLength(1);
  });

  it('writes nothing when the user has sent too much', async () => {
    world.limits.refuse = new RateLimitError('Too many messages', 1000);
    const before = await world.conversations.list(ctx, { limit: 100, before: null });
    await expect(world.turns.submit(ctx, message('q'), new Reader())).rejects.toMatchObject({ code: 'RATE_LIMIT' });
    expect(await world.conversations.list(ctx, { limit: 100, before: null })).toEqual(before);
  });

  it('takes one connection at a time, so that it never waits for itself', async () => {
    const single = await TestDatabase.start({ pool: 1 });
    const { tenantId } = await single.tenant();
    const own = contextOf(tenantId, await single.principal(tenantId));
    const small = conversationWorld(single.uow, { script: words });
    try {
      const readers = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const reader = new Reader();
          await small.turns.submit(own, message('q', { clientMessageId: newId() }), reader);
          return reader;
        }),
      );
      for (const reader of readers) expect(await reader.done()).toMatchObject({ status: 'completed' });
    } finally {
      await small.stop();
      await single.stop();
    }
  });

  it('asks for a person through the outbox, in the commit of the answer', async () => {
    world.play(async (_input, emit) => {
      emit({ type: 'token', content: 'Call us.' });
      return { intent: 'human_request', humanRequested: { reason: 'asked for a person' } };
    });
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('I want a human'), reader);
    await reader.done();
    const rows = await db.uow.query<{ type: string; payload: object }>(
      ctx,
      `SELECT type, payload FROM app.outbox WHERE tenant_id = $1 AND payload->>'conversation_id' = $2`,
      [ctx.tenantId, conversationId],
    );
    expect(rows).toEqual([
      {
        type: 'EscalationRequested',
        payload: expect.objectContaining({ reason: 'asked for a person', conversation_id: conversationId }),
      },
    ]);
  });

  it('records what was used, and gives the conversation a title of its own', async () => {
    world.play(async (_input, emit) => {
      emit({ type: 'usage', entry: { ...call, purpose: 'route', inputTokens: 10, outputTokens: 2, costUsd: 0.001 } });
      emit({ type: 'token', content: 'ok' });
      emit({ type: 'usage', entry: { ...call, purpose: 'answer', inputTokens: 30, outputTokens: 8, costUsd: 0.002 } });
    });
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), reader);
    expect(await reader.done()).toMatchObject({ usage: { input_tokens: 40, output_tokens: 10, model: 'm' } });
    const [sum] = await db.uow.query(
      ctx,
      `SELECT count(*) AS calls, sum(input_tokens) AS tokens FROM app.usage_record u JOIN app.turn t
         ON t.tenant_id = u.tenant_id AND t.id = u.turn_id WHERE u.tenant_id = $1 AND t.conversation_id = $2`,
      [ctx.tenantId, conversationId],
    );
    expect(sum).toEqual({ calls: 2, tokens: 40 });
    await sleep(100);
    expect((await world.conversations.get(ctx, conversationId)).title).toBe('A title');
  });

  it('takes no message while it drains, and leaves what does not finish for the next process', async () => {
    world.play(endless);
    const reader = new Reader();
    const { ack, conversationId } = await world.turns.submit(ctx, message('q'), reader);
    const draining = world.turns.drain(200);
    await expect(world.turns.submit(ctx, message('late'), new Reader())).rejects.toMatchObject({ code: 'DRAINING' });
    await draining;
    expect(reader.types()).not.toContain('done');
    const next = start({ script: words });
    const back = new Reader();
    await next.conversations.resume(ctx, conversationId, 'now', back);
    expect(await back.done(turnOf({ ack }))).toMatchObject({ status: 'completed' });
    expect(back.text()).toBe('The answer is 42.');
  });

  it('removes a conversation with everything in it, also while a turn runs', async () => {
    world.play(endless);
    const reader = new Reader();
    const first = await world.turns.submit(ctx, message('q'), reader);
    const { conversationId } = first;
    const waiting = await world.turns.submit(
      ctx,
      message('then', { conversation: { kind: 'id', id: conversationId } }),
      reader,
    );
    await world.conversations.delete(ctx, conversationId);
    for (const turn of [turnOf(first), turnOf(waiting)]) {
      expect(await reader.done(turn)).toMatchObject({ status: 'cancelled' });
    }
    await expect(world.conversations.get(ctx, conversationId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const rows = await db.uow.query(ctx, 'SELECT 1 FROM app.turn WHERE tenant_id = $1 AND conversation_id = $2', [
      ctx.tenantId,
      conversationId,
    ]);
    expect(rows).toEqual([]);
  });
});
