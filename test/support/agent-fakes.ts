/** Stand-ins for everything that the agents' runtime needs, so that a spec says only what it is about. */
import {
  type AgentRuntime,
  type HistoryMessage,
  type TurnAnswer,
  type TurnEvent,
  type TurnInput,
  type UsageEntry,
} from '#agents';
import {
  ChatModel,
  type ChatRequest,
  type ChatResult,
  type Embedder,
  LocalEmbedder,
  type MeteredCall,
  type StructuredResult,
  type UsageSink,
} from '#llm';
import type { RequestContext } from '#platform/context';
import { createLogger } from '#platform/logging';
import type { Metrics } from '#platform/metrics';
import {
  catalogOf,
  type Matches,
  type MatchItem,
  type MatchRequest,
  type Passage,
  type SearchRequest,
  type SearchResult,
} from '#rag';
import type { TenantSettings } from '#tenants';
import type { ToolCallContext, ToolDefinition, ToolResult } from '#tools';
import { composeRuntime, type RuntimeParts } from '../../src/agents/agents.module.js';
import type { AgentDefinition } from '../../src/agents/catalog/agent.types.js';

export const TENANT_ID = '0190b8a0-0000-7000-8000-000000000001';

export const SETTINGS: TenantSettings = {
  tenant: { id: TENANT_ID, slug: 'acme', name: 'ACME' },
  entitlements: { agents: null, tools: null, models: null, features: null, limits: {} },
  ceilings: {
    messagesPerMinute: 0,
    requestsPerMinute: 0,
    tokensPerMinute: 0,
    userTokensPerMinute: 0,
    maxTokens: null,
    historyMessages: null,
    budgetDayUsd: null,
    budgetMonthUsd: null,
    models: null,
  },
  language: 'en',
  timezone: 'UTC',
  texts: {
    greeting: 'Hello from ACME!',
    small_talk: 'Happy to chat.',
    unclear: 'Say that again?',
    human_contact: 'Call 123.',
    no_answer: 'Not in our documents.',
    refused: 'No.',
  },
  statusMessages: {
    queued: 'Waiting...',
    routing: 'Classifying your query...',
    retrieving: 'Searching knowledge base...',
    grading: 'Analyzing results...',
    tool: 'Looking that up...',
    generating: 'Generating response...',
    summarizing: 'Summarizing...',
    escalating: 'Escalating...',
  },
  websocket: { stream: true, final: true, format: 'markdown', onDisconnect: 'continue' },
  allowedOrigins: [],
  messagesPerMinute: 10,
  historyMessages: 10,
  historyTokens: 2000,
  topK: 5,
  onProviderFailure: 'fail',
  queueMode: 'queue',
  hours: null,
  retention: { conversationsDays: null, tracesDays: 90 },
  llm: {},
  outboundAllow: [],
};

export const CTX: RequestContext = {
  tenantId: TENANT_ID,
  principal: { id: '0190b8a0-0000-7000-8000-000000000002', role: 'end_user', persona: null, sessionId: null },
  correlationId: 'spec',
};

const INPUT: TurnInput = {
  turnId: 'turn',
  conversationId: 'conversation',
  messageId: 'message',
  attempt: 1,
  start: 1,
  content: '',
  history: [],
  agent: null,
  metadata: {},
};

export function agent(key: string, rest: Partial<AgentDefinition> = {}): AgentDefinition {
  return {
    id: `agent-${key}`,
    key,
    kind: 'domain',
    name: key,
    description: '',
    instructions: '',
    answerTemplate: null,
    examples: [],
    personas: [],
    knowledgeBaseIds: [],
    settings: {},
    tools: [],
    ...rest,
  };
}

export function tool(key: string, rest: Partial<ToolDefinition> = {}): ToolDefinition {
  return {
    id: `tool-${key}`,
    key,
    name: key,
    description: '',
    kind: 'http',
    inputSchema: { type: 'object', properties: {} },
    idempotent: true,
    readOnly: true,
    personas: [],
    config: {},
    ...rest,
  };
}

const ORDER_ID = {
  type: 'string',
  title: 'order number',
  pattern: '^[0-9]{4,6}$',
  examples: ['1042'],
  'x-labels': { en: 'the order number', es: 'el número de pedido', de: 'die Bestellnummer' },
};

export const TRACKING = agent('tracking', {
  name: 'Order tracking',
  description: 'Says where an order is.',
  answerTemplate: 'Order **{{ get_order.order_id }}** is {{ get_order.status }}.',
  examples: ['Where is my order?', 'Track my parcel', 'When will my package arrive?', '¿Dónde está mi pedido?'],
  tools: [
    tool('get_order', {
      name: 'Order tracking',
      description: 'Looks up where one order is.',
      inputSchema: { type: 'object', properties: { order_id: ORDER_ID }, required: ['order_id'] },
    }),
  ],
});

export const SUPPORT = agent('support', {
  kind: 'knowledge',
  name: 'Help centre',
  description: 'Answers questions from the help pages.',
  knowledgeBaseIds: ['0190b8a0-0000-7000-8000-0000000000aa'],
  examples: [
    'What is your returns policy?',
    'How do refunds work?',
    'How do I get a refund?',
    'How long is the warranty?',
  ],
});

export const LINKEDIN = agent('linkedin', {
  kind: 'writer',
  name: 'LinkedIn posts',
  description: 'Writes a LinkedIn post.',
  examples: ['Write a LinkedIn post about our sale', 'Draft a post for LinkedIn'],
});

export function passage(content: string, rest: Partial<Passage> = {}): Passage {
  return {
    chunkId: `chunk-${content.slice(0, 12)}`,
    documentId: 'document',
    knowledgeBaseId: 'kb',
    title: 'Returns and refunds',
    page: null,
    section: null,
    url: null,
    content,
    score: 0.9,
    vectorScore: 0.4,
    textScore: 5,
    coverage: 0.9,
    words: [],
    ...rest,
  };
}

export const REFUND_PASSAGE = passage(
  'We check a return within 5 working days of its arrival. The refund goes to the payment method you used.',
);

type Answer<T> = T | Error | ((request: ChatRequest, signal: AbortSignal) => T | Promise<T>);

/** A chat model that says what it was told to, and remembers what it was asked. */
export class ScriptedModel extends ChatModel {
  readonly provider: string;
  readonly model = 'scripted';
  readonly requests: ChatRequest[] = [];

  constructor(
    private readonly script: {
      /** By purpose; an array is streamed piece by piece. */
      readonly stream?: Partial<Record<ChatRequest['purpose'], Answer<readonly string[] | string>>>;
      readonly structured?: Partial<Record<ChatRequest['purpose'], Answer<object>>>;
      readonly provider?: string;
    } = {},
  ) {
    super();
    this.provider = script.provider ?? 'scripted';
  }

  override async stream(
    request: ChatRequest,
    onText: (text: string) => void,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<ChatResult> {
    this.requests.push(request);
    let outputTokens = 0;
    try {
      const said = await this.said(this.script.stream?.[request.purpose] ?? 'An answer.', request, signal);
      const pieces = typeof said === 'string' ? [said] : said;
      for (const piece of pieces) {
        await Promise.resolve();
        signal.throwIfAborted();
        outputTokens++;
        onText(piece);
      }
      onUsage(this.usage());
      return { text: pieces.join(''), finishReason: 'stop' };
    } catch (error) {
      onUsage({ ...this.usage(), outputTokens, estimated: true });
      throw error;
    }
  }

  override async structured<T>(
    request: ChatRequest,
    output: { name: string; schema: { parse(value: unknown): T } },
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<StructuredResult<T>> {
    this.requests.push(request);
    const scripted = this.script.structured?.[request.purpose];
    if (scripted === undefined) throw new Error(`The spec expects no structured ${request.purpose} call`);
    const value = output.schema.parse(await this.said(scripted, request, signal));
    onUsage(this.usage());
    return { value };
  }

  private async said<T>(answer: Answer<T>, request: ChatRequest, signal: AbortSignal): Promise<T> {
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function'
      ? await (answer as (request: ChatRequest, signal: AbortSignal) => T | Promise<T>)(request, signal)
      : answer;
  }

  private usage() {
    return {
      kind: 'chat' as const,
      inputTokens: 10,
      outputTokens: 5,
      costUsd: null,
      model: this.model,
      estimated: false,
    };
  }
}

/** What a routing model says of a message that is for these agents alone. */
export function routedTo(...keys: readonly string[]) {
  return {
    intents: keys.map((key) => ({ agent: key, text: '' })),
    language: 'en',
    small_talk: false,
    unclear: false,
    wants_person: false,
  };
}

export interface FakeWorld {
  readonly agents?: readonly AgentDefinition[];
  readonly model?: ChatModel | null;
  readonly settings?: Partial<TenantSettings>;
  readonly search?: (
    request: SearchRequest,
    signal: AbortSignal,
    metered: MeteredCall,
  ) => Promise<SearchResult> | SearchResult;
  readonly execute?: (
    tool: ToolDefinition,
    args: unknown,
    context: ToolCallContext,
  ) => Promise<ToolResult> | ToolResult;
  /** What the matcher finds; a list is what meets every wish. */
  readonly match?: (request: MatchRequest) => MatchItem[] | Matches;
  /** What the matching agents' vocabulary is made from. */
  readonly records?: readonly Readonly<Record<string, unknown>>[];
  readonly profile?: Readonly<Record<string, unknown>>;
  /** The caller's own, as the tenant has them. */
  readonly addresses?: readonly string[];
  readonly embedder?: Embedder;
  readonly metrics?: Pick<Metrics, 'stepFellBack'>;
  readonly encoder?: RuntimeParts['encoder'];
}

export function fakeRuntime(world: FakeWorld = {}): AgentRuntime {
  const settings = { ...SETTINGS, ...world.settings };
  const agents = world.agents ?? [TRACKING, SUPPORT, LINKEDIN];
  const embedder = world.embedder ?? new LocalEmbedder();
  const executor = {
    execute: async (definition: ToolDefinition, args: unknown, context: ToolCallContext) => {
      if (world.execute === undefined) throw new Error('The spec expects no tool call');
      return world.execute(definition, args, context);
    },
  };
  return composeRuntime({
    directory: { directory: () => Promise.resolve({ agents, entitlements: [] }) },
    settings: { get: () => Promise.resolve(settings) },
    llm: { chatModel: () => Promise.resolve(world.model ?? null), embedder: () => embedder, reckon: () => 0 },
    passages: {
      search: async (_ctx, request, signal, metered) =>
        world.search?.(request, signal, metered) ?? { passages: [], degraded: false },
    },
    tools: executor,
    matcher: {
      match: (_ctx, request) => {
        const found = world.match?.(request) ?? [];
        return Promise.resolve('items' in found ? found : { items: found, unmet: [] });
      },
      catalog: () => Promise.resolve(world.records === undefined ? null : catalogOf(world.records, {})),
    },
    profiles: { ofCaller: () => Promise.resolve(world.profile ?? {}) },
    callers: { addressesOf: () => Promise.resolve(world.addresses ?? []) },
    logger: createLogger({ level: 'silent' }),
    ...(world.metrics === undefined ? {} : { metrics: world.metrics }),
    ...(world.encoder === undefined ? {} : { encoder: world.encoder }),
  });
}

export interface RanTurn {
  readonly answer: TurnAnswer;
  readonly events: readonly TurnEvent[];
  /** What the calls cost, in the order in which they ended. */
  readonly usage: readonly UsageEntry[];
  /** All tokens, put together. */
  readonly text: string;
  readonly steps: readonly string[];
}

/** Runs one turn and keeps what it emitted. */
export async function runTurn(
  runtime: AgentRuntime,
  content: string,
  rest: Partial<TurnInput> & {
    readonly ctx?: RequestContext;
    readonly signal?: AbortSignal;
    readonly events?: TurnEvent[];
  } = {},
): Promise<RanTurn> {
  const { ctx = CTX, events = [], signal = new AbortController().signal, ...input } = rest;
  const answer = await runtime.run(ctx, { ...INPUT, ...input, content }, (event) => events.push(event), signal);
  const text = events.map((event) => (event.type === 'token' ? event.content : '')).join('');
  const steps = events.flatMap((event) => (event.type === 'status' ? [event.step] : []));
  return { answer, events, usage: usageIn(events), text, steps };
}

export function usageIn(events: readonly TurnEvent[]): UsageEntry[] {
  return events.flatMap((event) => (event.type === 'usage' ? [event.entry] : []));
}

/** The history that a turn leaves for the next one, as `conversations` keeps it. */
export function remember(question: string, { answer }: RanTurn): HistoryMessage[] {
  const { agents, awaiting, intent, language } = answer;
  return [
    { role: 'user', content: question, metadata: {} },
    { role: 'assistant', content: answer.content, metadata: { agents, awaiting, intent, language } },
  ];
}
