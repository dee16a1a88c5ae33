import type { ConversationEvent, ConversationService, Submitted, Subscriber, TurnService } from '#conversations';
import type { RequestContext } from '#platform/context';
import { DomainError, type ErrorCode, NotFoundError } from '#platform/errors';
import { statusOf } from '#platform/http';
import type { EscalationReader } from '#escalations';
import type { TenantSettingsCache } from '#tenants';
import { EventBus } from '#platform/events';
import { createLogger } from '#platform/logging';
import { ChannelsState } from '../channels-state.js';
import { ERROR_CODES } from '../protocol/server-frames.js';
import { parseUserMessage } from '../protocol/parse-frame.js';
import { HttpChatService } from './http-chat.service.js';
import type { SseResponse } from './sse-response.js';

const CTX = { tenantId: 't', correlationId: 'c', principal: { id: 'p' } } as RequestContext;
const place = { conversation_id: 'c', turn_id: 't' };
const done = (status: string, rest: object = {}) =>
  ({ type: 'done', ...place, seq: 9, status, usage: null, ...rest }) as ConversationEvent;
const token = (content: string, offset: number) =>
  ({ type: 'token', ...place, seq: 3, role: 'assistant', content, offset }) as ConversationEvent;
const stored = (content: string, metadata: object = {}) =>
  ({
    type: 'message',
    ...place,
    id: 'a',
    seq: 8,
    role: 'assistant',
    content,
    payloads: [{ payload_type: 'jobs', items: [1], offset: 4 }],
    metadata,
  }) as unknown as ConversationEvent;

function world(events: readonly ConversationEvent[], options: { turnId?: string | null; deleted?: boolean } = {}) {
  const turnId = options.turnId === undefined ? 't' : options.turnId;
  const ack = { type: 'ack', conversation_id: 'c', turn_id: turnId, client_message_id: null, message_id: 'm' } as const;
  const left: string[] = [];
  const submit = async (_ctx: RequestContext, _input: unknown, reader: Subscriber): Promise<Submitted> => {
    reader.deliver(ack);
    for (const event of events) reader.deliver(event);
    return { conversationId: 'c', clientKey: null, ack, repeated: false, turnStatus: 'running' };
  };
  const conversations = {
    unsubscribe: (id: string) => void left.push(id),
    get: async () => {
      if (options.deleted === true) throw new NotFoundError('Conversation not found or access denied');
    },
  };
  const websocket = { stream: true, final: true, format: 'markdown', onDisconnect: 'continue' };
  const state = new ChannelsState();
  const service = new HttpChatService(
    { submit } as unknown as TurnService,
    conversations as unknown as ConversationService,
    { get: async () => ({ websocket }) } as unknown as TenantSettingsCache,
    state,
    new EventBus(createLogger({ level: 'silent' })),
    { latestOf: async () => null } as unknown as EscalationReader,
  );
  const gone = new AbortController();
  const sent: { type: string; seq: number | undefined; frame: Record<string, unknown> }[] = [];
  let open = true;
  let leave: () => void = () => undefined;
  const stream = (body: object = { content: 'x' }) =>
    service.stream(CTX, parseUserMessage(body as Record<string, unknown>), (onEnd) => {
      leave = () => {
        if (open) onEnd();
        open = false;
      };
      return {
        get open() {
          return open;
        },
        event: (type: string, seq: number | undefined, json: string) =>
          void sent.push({ type, seq, frame: JSON.parse(json) as Record<string, unknown> }),
        end: leave,
      } as unknown as SseResponse;
    });
  return {
    state,
    gone,
    left,
    sent,
    stream,
    leave: () => leave(),
    answer: (body: object = { content: 'x' }) =>
      service.answer(CTX, parseUserMessage(body as Record<string, unknown>), gone.signal),
  };
}

describe('one answer over HTTP', () => {
  it('is the stored message with all that belongs to it', async () => {
    const { answer, left } = world([token('Yes', 0), stored('Yes'), done('completed')]);
    expect(await answer({ content: 'x', session_id: 'k', stream: false, final: false })).toMatchObject({
      status: 'completed',
      message: { id: 'a', content: 'Yes' },
      payloads: [{ payload_type: 'jobs', items: [1], offset: 4 }],
      input_required: null,
      escalation: null,
      ...place,
      session_id: 'k',
    });
    expect(new Set(left).size).toBe(1);
  });

  it('of a stopped turn is what there was of it, or nothing', async () => {
    const partial = world([token('Ye', 0), stored('Ye', { partial: true }), done('cancelled')]);
    expect(await partial.answer()).toMatchObject({ status: 'cancelled', message: { content: 'Ye' } });
    expect(await world([done('cancelled')]).answer()).toMatchObject({ status: 'cancelled', message: null });
  });

  it('is 404 when the conversation was deleted meanwhile', async () => {
    await expect(world([done('cancelled')], { deleted: true }).answer()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('does not come from a turn when a person owns the conversation, or takes it over', async () => {
    const owned = { status: 'handed_off', message: null, payloads: [], turn_id: null, conversation_id: 'c' };
    expect(await world([], { turnId: null }).answer()).toMatchObject(owned);
    const taken = world([token('I', 0), token('', 0), done('handed_off')]);
    expect(await taken.answer()).toMatchObject({ status: 'handed_off', message: null, turn_id: 't' });
  });

  it.each<[string, number, readonly ErrorCode[]]>([
    ['what is behind us', 502, ['LLM_ERROR', 'TOOL_ERROR', 'RETRIEVAL_ERROR']],
    ['what took too long', 504, ['LLM_TIMEOUT', 'TURN_TIMEOUT']],
    ['what passes', 503, ['INTERRUPTED', 'UNAVAILABLE', 'DRAINING']],
    ['what may not be', 422, ['GUARDRAIL', 'INVALID_INPUT']],
    ['limits', 429, ['RATE_LIMIT', 'QUOTA_EXCEEDED']],
    ['conflicts', 409, ['CONFLICT', 'CONVERSATION_CLOSED']],
    ['preconditions', 412, ['PRECONDITION_FAILED']],
    ['a suspension of its tenant', 403, ['SUSPENDED']],
    ['everything else', 500, ['INTERNAL', 'UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'MFA_REQUIRED']],
  ])('of a turn that failed by %s is a problem %i that names it', async (_what, status, codes) => {
    for (const code of codes) {
      const { answer } = world([done('failed', { error: { code, message: 'Sorry', retryable: true } })]);
      const error = await answer().catch((thrown: unknown) => thrown as DomainError);
      expect(error).toMatchObject({ code, message: 'Sorry', retryable: true, details: place });
      expect(statusOf((error as DomainError).kind)).toBe(status);
    }
  });

  it('has a status for every code', async () => {
    for (const code of ERROR_CODES) {
      const { answer } = world([done('failed', { error: { code, message: 'Sorry', retryable: true } })]);
      await expect(answer()).rejects.toMatchObject({ code, kind: expect.any(String) });
    }
  });

  it('is not waited for by a server that goes, nor for a client that has gone', async () => {
    const going = world([token('Y', 0)]);
    const waiting = going.answer();
    going.state.end();
    await expect(waiting).rejects.toMatchObject({ code: 'DRAINING', kind: 'unavailable', details: place });
    const { answer, gone, left } = world([token('Y', 0)]);
    const unread = answer();
    gone.abort();
    expect(await unread).toBeNull();
    expect(new Set(left).size).toBe(1);
  });
});

describe('a turn as server-sent events', () => {
  it('numbers what has a number, and ends after done', async () => {
    const { stream, sent, left } = world([token('Yes', 0), stored('Yes'), done('completed')]);
    await stream({ content: 'x', ref: 'r' });
    expect(sent.map(({ type, seq }) => [type, seq])).toEqual([
      ['ack', undefined],
      ['token', 3],
      ['message', 8],
      ['done', 9],
    ]);
    expect(sent.map(({ frame }) => frame['ref'])).toEqual(['r', undefined, undefined, undefined]);
    expect(new Set(left).size).toBe(1);
  });

  it('tells a stored answer as a token to a reader that takes no messages', async () => {
    const { stream, sent } = world([stored('Yes'), done('completed')]);
    await stream({ content: 'x', final: false });
    expect(sent.map(({ type }) => type)).toEqual(['ack', 'token', 'done']);
  });

  it('ends with the ack when a person owns the conversation, and with its reader', async () => {
    const owned = world([], { turnId: null });
    await owned.stream();
    expect(owned.sent.map(({ type }) => type)).toEqual(['ack']);
    const { stream, leave, left } = world([token('Y', 0)]);
    const streamed = stream();
    await new Promise((resolve) => setImmediate(resolve));
    leave();
    await streamed;
    expect(new Set(left).size).toBe(1);
  });

  it('is refused before anything is written when nothing of the answer would be sent', async () => {
    const { stream, sent } = world([]);
    await expect(stream({ content: 'x', stream: false, final: false })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(sent).toEqual([]);
  });
});
