import type { AgentRuntime, TitleWriter, TurnAnswer, TurnEventSink, TurnInput } from '#agents';
import { memoryBus, MemoryHub } from '#platform/bus';
import { loadConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { createLogger } from '#platform/logging';
import type { MessageRateLimiter, SpendingLimits, TenantSettingsCache } from '#tenants';
import type { ConversationEvent, Subscriber, SubmitInput } from '#conversations';
import { EventRelay } from '../../src/platform/events/event-relay.js';
import { CatchUp } from '../../src/conversations/live/catch-up.js';
import { ConversationStreams } from '../../src/conversations/live/conversation-streams.js';
import { PartyNews } from '../../src/conversations/live/party-news.js';
import { TurnRelay } from '../../src/conversations/live/turn-relay.js';
import { PeopleRegistry } from '../../src/conversations/model/people-registry.js';
import { HandoverNews } from '../../src/conversations/people/handover-news.js';
import { HandoverService } from '../../src/conversations/people/handover.service.js';
import { ConversationService } from '../../src/conversations/rest/conversation.service.js';
import { ConversationRepository } from '../../src/conversations/store/conversation.repository.js';
import { MessageRepository } from '../../src/conversations/store/message.repository.js';
import { PersonRepository } from '../../src/conversations/store/person.repository.js';
import { TurnRepository } from '../../src/conversations/store/turn.repository.js';
import { TitleService } from '../../src/conversations/turns/title.service.js';
import { TurnExecutor } from '../../src/conversations/turns/turn-executor.js';
import { LastReaders } from '../../src/conversations/turns/last-readers.js';
import { TurnAcceptance } from '../../src/conversations/turns/turn-acceptance.js';
import { TurnRunner } from '../../src/conversations/turns/turn-runner.js';
import { TurnStopper } from '../../src/conversations/turns/turn-stopper.js';
import { TurnScheduler } from '../../src/conversations/turns/turn-scheduler.js';
import { TurnService } from '../../src/conversations/turns/turn.service.js';

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
    /** Shared by two worlds: they hear of each other. Default: alone. */
    hub?: MemoryHub;
    mostRunning?: number;
    /** False: what a followed turn says goes by rows, as between instances that have only Postgres. */
    busCarriesText?: boolean;
  },
) {
  const config = loadConfig({
    // Two worlds on one database: none may believe that the other one is dead.
    DATABASE_URL: 'postgres://127.0.0.1/somewhere',
    MAX_RUNNING_TURNS: String(options.mostRunning ?? 500),
    LEASE_SECONDS: String(options.leaseSeconds ?? 10),
    MAX_TURN_SECONDS: String(options.turnSeconds ?? 30),
    LOG_LEVEL: 'silent',
  });
  const logger = createLogger({ level: 'silent' });
  let script = options.script;
  const inputs: TurnInput[] = [];
  const limits = { consumed: 0, refuse: null as Error | null };
  const runtime = {
    offers: async (_ctx: RequestContext, agent: string) => agent === 'support',
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
        sections: [{ agent: 'support', name: 'Support', offset: 0 }],
        language: 'en',
        citations: [],
        sourceChunks: [],
        degraded: false,
        awaiting: [],
        humanRequested: null,
        timings: {},
        ...answer,
      };
    },
  } as unknown as AgentRuntime;
  const titleWriter = { title: async () => 'A title', reckon: async () => 0 } as unknown as TitleWriter;
  const settings = {
    get: async () => ({
      historyMessages: 10,
      queueMode: options.queueMode ?? 'queue',
      statusMessages: { queued: 'One moment, please' },
    }),
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

  // Nothing limits what a turn may come to.
  const spending = {
    applyTo: () => false,
    settle: async () => undefined,
    within: <T>(_scope: unknown, _usd: number, call: () => Promise<T>) => call(),
  } as unknown as SpendingLimits;

  const bus = memoryBus({ logger, strict: true }, options.hub ?? new MemoryHub());
  if (options.busCarriesText === false) Object.assign(bus, { carriesText: false });
  const people = new PeopleRegistry();
  const rows = new ConversationRepository();
  const repository = new TurnRepository(uow);
  const looks = countingLooks(repository);
  const messages = new MessageRepository();
  const streams = new ConversationStreams();
  const relay = new TurnRelay(bus, uow, streams, logger);
  const catchUp = new CatchUp(uow, messages, repository, streams, relay, settings, bus, logger);
  const events = new EventBus(logger);
  const eventRelay = new EventRelay(events, bus);
  const parties = new PartyNews(uow, rows, people, streams, events, logger);
  const titles = new TitleService(uow, titleWriter, spending, logger);
  const executor = new TurnExecutor(
    uow,
    repository,
    messages,
    runtime,
    bus,
    config,
    logger,
    undefined,
    spending,
    people,
  );
  const lastReaders = new LastReaders(streams, relay, bus);
  const runner = new TurnRunner(executor, lastReaders, streams, catchUp, relay, bus, logger);
  const scheduler = new TurnScheduler(
    uow,
    repository,
    runner,
    lastReaders,
    streams,
    catchUp,
    titles,
    settings,
    bus,
    config,
    logger,
  );
  const acceptance = new TurnAcceptance(uow, repository, limiter, bus, config, spending);
  const stopper = new TurnStopper(uow, repository, runner, scheduler, lastReaders, bus, logger);
  const turns = new TurnService(
    uow,
    messages,
    streams,
    catchUp,
    acceptance,
    scheduler,
    stopper,
    lastReaders,
    runtime,
    settings,
    spending,
  );
  const conversations = new ConversationService(
    uow,
    rows,
    messages,
    repository,
    streams,
    catchUp,
    relay,
    scheduler,
    stopper,
    parties,
    people,
  );
  const handover = new HandoverService(new PersonRepository(), rows, messages, repository);
  const handoverNews = new HandoverNews(messages, streams, catchUp, parties, runner, scheduler, bus);
  eventRelay.onModuleInit();
  parties.onModuleInit();
  relay.onApplicationBootstrap();
  runner.onApplicationBootstrap();
  scheduler.onApplicationBootstrap();
  bus.start();
  return {
    turns,
    conversations,
    acceptance,
    events,
    handover,
    handoverNews,
    people,
    stopper,
    bus,
    scheduler,
    runner,
    streams,
    catchUp,
    inputs,
    limits,
    instance: bus.instance,
    /** Its statements on turns, for tests to ask themselves or to make fail. */
    repository,
    /** Resolves when the scheduler has looked after its turns so often more, for what must not happen meanwhile. */
    looked: (times: number) => looks.more(times),
    play(next: Script) {
      script = next;
    },
    /** As a process that died: it neither runs, renews nor hears anything any more. */
    async die() {
      scheduler.onApplicationShutdown();
      relay.onApplicationShutdown();
      await bus.stop();
    },
    async stop() {
      const held = runner.held();
      for (const { turn } of held) turn.controller.abort(new Error('the test is over'));
      await Promise.all(held.map(({ ended }) => ended));
      scheduler.onApplicationShutdown();
      relay.onApplicationShutdown();
      await titles.onApplicationShutdown();
      await bus.stop();
    },
  };
}

/** Counts the looks that were answered. */
function countingLooks(repository: TurnRepository) {
  const look = repository.lookAfter.bind(repository);
  let waiting: { left: number; resolve: () => void }[] = [];
  repository.lookAfter = async (...args) => {
    const tasks = await look(...args);
    for (const one of waiting) if (--one.left < 0) one.resolve();
    waiting = waiting.filter(({ left }) => left >= 0);
    return tasks;
  };
  return {
    // One that is on its way does not count: it may have left before what the test did.
    more: (times: number) => new Promise<void>((resolve) => waiting.push({ left: times, resolve })),
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

/** The numbers of events that have one. */
export function seqsOf(events: readonly ConversationEvent[]): number[] {
  return events.flatMap((event) => ('seq' in event ? [event.seq] : []));
}

/** The turn that a message started. */
export function turnOf(submitted: { readonly ack: { readonly turn_id: string | null } } | undefined): string {
  const id = submitted?.ack.turn_id;
  if (id === undefined || id === null) throw new Error('The message started no turn');
  return id;
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
