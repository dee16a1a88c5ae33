import type { AgentRuntime, TitleWriter, TurnAnswer, TurnEventSink, TurnInput } from '#agents';
import { loadConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { createLogger } from '#platform/logging';
import type { MessageRateLimiter, TenantSettingsCache } from '#tenants';
import type { ConversationEvent, Subscriber, SubmitInput } from '#conversations';
import { ConversationRepository } from '../../src/conversations/conversation.repository.js';
import { ConversationService } from '../../src/conversations/conversation.service.js';
import { ConversationStreams } from '../../src/conversations/conversation-stream.js';
import { LeaseKeeper } from '../../src/conversations/lease-keeper.js';
import { MessageRepository } from '../../src/conversations/message.repository.js';
import { TitleService } from '../../src/conversations/title.service.js';
import { TurnExecutor } from '../../src/conversations/turn-executor.js';
import { TurnRegistry } from '../../src/conversations/turn-registry.js';
import { TurnRepository } from '../../src/conversations/turn.repository.js';
import { TurnService } from '../../src/conversations/turn.service.js';
import { TurnSweeper } from '../../src/conversations/turn-sweeper.js';

/** What the graph does in a test: streams and returns what the test says. */
export type Script = (
  input: TurnInput,
  emit: TurnEventSink,
  signal: AbortSignal,
) => Promise<Partial<TurnAnswer> | void>;

/** One server's conversations module on a database, with a scripted graph. Two of them are two instances. */
export function conversationWorld(
  uow: UnitOfWork,
  options: {
    script: Script;
    leaseSeconds?: number;
    turnSeconds?: number;
    queueMode?: 'queue' | 'reject' | 'interrupt';
  },
) {
  const config = loadConfig({
    LEASE_SECONDS: String(options.leaseSeconds ?? 10),
    MAX_TURN_SECONDS: String(options.turnSeconds ?? 30),
    LOG_LEVEL: 'silent',
  });
  const logger = createLogger({ level: 'silent' });
  let script = options.script;
  const inputs: TurnInput[] = [];
  const limits = { consumed: 0, refuse: null as Error | null };
  const runtime = {
    async run(_ctx: RequestContext, input: TurnInput, emit: TurnEventSink, signal: AbortSignal): Promise<TurnAnswer> {
      inputs.push(input);
      let text = '';
      const listen: TurnEventSink = (event) => {
        if (event.type === 'token') text += event.content;
        emit(event);
      };
      const answer = (await script(input, listen, signal)) ?? {};
      return {
        content: text,
        payloads: [],
        intent: 'qa',
        intents: [],
        agents: ['support'],
        language: 'en',
        citations: [],
        sourceChunks: [],
        degraded: false,
        awaiting: null,
        humanRequested: null,
        usage: [],
        timings: {},
        ...answer,
      };
    },
  } as unknown as AgentRuntime;
  const titleWriter = { title: async () => 'A title' } as unknown as TitleWriter;
  const settings = {
    get: async () => ({ historyMessages: 10, queueMode: options.queueMode ?? 'queue' }),
  } as unknown as TenantSettingsCache;
  const limiter = {
    consume: async () => {
      if (limits.refuse !== null) throw limits.refuse;
      limits.consumed++;
    },
    refund: async () => {
      limits.consumed--;
    },
  } as unknown as MessageRateLimiter;

  const turnRepository = new TurnRepository();
  const messages = new MessageRepository(uow);
  const registry = new TurnRegistry();
  const streams = new ConversationStreams();
  const titles = new TitleService(uow, titleWriter, logger);
  const executor = new TurnExecutor(uow, turnRepository, messages, registry, streams, runtime, titles, config, logger);
  const turns = new TurnService(
    uow,
    turnRepository,
    messages,
    registry,
    streams,
    executor,
    settings,
    limiter,
    config,
    logger,
  );
  const conversations = new ConversationService(
    uow,
    new ConversationRepository(),
    messages,
    turnRepository,
    streams,
    registry,
  );
  const leases = new LeaseKeeper(uow, registry, config, logger);
  const sweeper = new TurnSweeper(uow, turnRepository, registry, config, logger);
  leases.onApplicationBootstrap();
  return {
    turns,
    conversations,
    sweeper,
    leases,
    registry,
    inputs,
    limits,
    play(next: Script) {
      script = next;
    },
    async stop() {
      leases.onApplicationShutdown();
      for (const turn of registry.all()) turn.controller.abort(new Error('the test is over'));
      await Promise.all(registry.all().map((turn) => turn.ended));
      await titles.onApplicationShutdown();
    },
  };
}

/** A reader that remembers. */
export class Reader implements Subscriber {
  readonly id = newId();
  readonly events: ConversationEvent[] = [];
  private waiting: { test: (event: ConversationEvent) => boolean; resolve: (event: ConversationEvent) => void }[] = [];

  deliver(event: ConversationEvent): void {
    this.events.push(event);
    this.waiting = this.waiting.filter(({ test, resolve }) => {
      if (!test(event)) return true;
      resolve(event);
      return false;
    });
  }

  /** The first event, past or coming, that passes. */
  until<E extends ConversationEvent = ConversationEvent>(
    test: (event: ConversationEvent) => boolean,
    ms = 10_000,
  ): Promise<E> {
    const seen = this.events.find(test);
    if (seen !== undefined) return Promise.resolve(seen as E);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came; seen: ${this.types().join(' ')}`)), ms);
      this.waiting.push({
        test,
        resolve: (event) => {
          clearTimeout(timer);
          resolve(event as E);
        },
      });
    });
  }

  done(turnId?: string): Promise<ConversationEvent> {
    return this.until((event) => event.type === 'done' && (turnId === undefined || event.turn_id === turnId));
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** The text as a client puts it together from the tokens. */
  text(turnId?: string): string {
    let text = '';
    for (const event of this.events) {
      if (event.type === 'token' && (turnId === undefined || event.turn_id === turnId)) {
        text = text.slice(0, event.offset) + event.content;
      }
    }
    return text;
  }
}

export function message(content: string, overrides: Partial<SubmitInput> = {}): SubmitInput {
  return {
    conversation: { kind: 'new' },
    content,
    clientMessageId: null,
    metadata: {},
    agent: null,
    channel: 'websocket',
    onDisconnect: 'continue',
    ...overrides,
  };
}

export function contextOf(tenantId: string, principalId: string): RequestContext {
  return {
    tenantId,
    principal: { id: principalId, role: 'end_user', persona: null, sessionId: null },
    correlationId: newId(),
  };
}
