import { ChatModel, type ChatRequest, type ChatResult, type Embedder, LocalEmbedder, LlmError } from '#llm';
import type { RequestContext } from '#platform/context';
import { createLogger } from '#platform/logging';
import type { ToolDefinition, ToolResult } from '#tools';
import type { TenantSettings } from '#tenants';
import type { AgentDefinition } from '../agent.types.js';
import { AgentRuntime, type RuntimeDependencies } from '../agent-runtime.js';
import { buildDomainAgent } from '../domain/domain.agent.js';
import { ToolRunner } from '../domain/tool-runner.js';
import { knowledgeAgent } from '../knowledge/knowledge.agent.js';
import { buildMatchingAgent } from '../matching/matching.agent.js';
import { writerAgent } from '../writer/writer.agent.js';
import type { TurnEvent } from '../turn-event.js';
import type { TurnAnswer, TurnInput } from '../turn.types.js';

it('answers a greeting', async () => {
  const { runtime } = setup({});
  const { answer, events } = await turn(runtime, 'Hello!');
  console.log(answer, events);
  expect(answer.intent).toBe('chitchat');
});

const SETTINGS: TenantSettings = {
  tenant: { id: '0190b8a0-0000-7000-8000-000000000001', slug: 'acme', name: 'ACME' },
  language: 'en',
  texts: {
    greeting: 'Hello from ACME!',
    small_talk: 'Happy to chat.',
    unclear: 'Say that again?',
    human_contact: 'Call 123.',
    no_answer: 'Not in our documents.',
    refused: 'No.',
  },
  statusMessages: {
    queued: 'q',
    routing: 'Classifying your query...',
    retrieving: 'Searching knowledge base...',
    grading: 'Analyzing results...',
    tool: 'Looking that up...',
    generating: 'Generating response...',
    summarizing: 's',
    escalating: 'e',
  },
  websocket: { stream: true, final: true, format: 'markdown', onDisconnect: 'continue' },
  allowedOrigins: [],
  messagesPerMinute: 10,
  historyMessages: 10,
  historyTokens: 2000,
  topK: 5,
  onProviderFailure: 'fail',
  queueMode: 'queue',
  llm: {},
  outboundAllow: [],
};

function setup(options: Partial<RuntimeDependencies> & { agents?: AgentDefinition[] }) {
  const runtime = new AgentRuntime({
    directory: { directory: () => Promise.resolve({ agents: options.agents ?? [], entitlements: [] }) },
    settings: { get: () => Promise.resolve(SETTINGS) },
    llm: { chatModel: () => Promise.resolve(null), embedder: () => new LocalEmbedder() },
    passages: { search: () => Promise.resolve({ passages: [], degraded: true }) },
    logger: createLogger({ level: 'silent' }),
    kinds: {
      domain: buildDomainAgent(new ToolRunner({ execute: () => Promise.reject(new Error('no')) })),
      knowledge: knowledgeAgent,
      matching: buildMatchingAgent({ match: () => Promise.resolve([]) }, { ofCaller: () => Promise.resolve({}) }),
      writer: writerAgent,
    },
    ...options,
  });
  return { runtime };
}

async function turn(runtime: AgentRuntime, content: string, rest: Partial<TurnInput> = {}) {
  const events: TurnEvent[] = [];
  const answer = await runtime.run(
    CTX,
    { ...INPUT, content, ...rest },
    (event) => events.push(event),
    new AbortController().signal,
  );
  return { answer, events };
}
const CTX: RequestContext = {
  tenantId: SETTINGS.tenant.id,
  principal: { id: '0190b8a0-0000-7000-8000-000000000002', role: 'end_user', persona: null, sessionId: null },
  correlationId: 'c',
};
const INPUT: TurnInput = {
  turnId: 't',
  conversationId: 'c',
  messageId: 'm',
  attempt: 1,
  content: '',
  history: [],
  agent: null,
  metadata: {},
};
