import { detectLanguage } from '#platform/text';
import type { Intent } from '../turn/turn.types.js';
import type { ModelCalls } from './model-calls.js';
import {
  type AgentlessReply,
  type Classification,
  type ClassifyRequest,
  IntentClassifier,
} from '../steps/intent-classifier.js';
import { routingMessages, routingSchema } from './routing.prompt.js';

/** One call with structured output. What it returns is checked; nothing usable in it means that `otherwise` decides. */
export class ModelIntentClassifier extends IntentClassifier {
  constructor(
    private readonly calls: ModelCalls,
    private readonly otherwise: IntentClassifier,
  ) {
    super();
  }

  override async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification> {
    if (request.agents.length === 1) {
      // Nobody else could answer; what may want no agent at all is still the model's to judge.
      const plain = await this.otherwise.classify(request, signal);
      if (plain.how === 'single') return plain;
    }
    const keys = request.agents.map((agent) => agent.key);
    const answer = await this.calls.structuredOrNull(
      { purpose: 'route', messages: routingMessages(request), temperature: 0, maxTokens: 400 },
      { name: 'routing', schema: routingSchema(keys) },
      signal,
    );
    if (answer === null) return this.otherwise.classify(request, signal);
    const intents = mergeByAgent(answer.intents, request.text);
    if (intents.length === 0 && !answer.small_talk && !answer.unclear && !answer.wants_person) {
      return this.otherwise.classify(request, signal);
    }
    const reply = intents.length > 0 && !answer.wants_person ? null : replyOf(answer);
    return {
      intents: reply === null ? intents : [],
      reply,
      language: LANGUAGE_TAG.test(answer.language)
        ? answer.language.toLowerCase()
        : detectLanguage(request.text, request.language),
      how: 'model',
    };
  }
}

function replyOf(answer: { readonly wants_person: boolean; readonly small_talk: boolean }): AgentlessReply {
  if (answer.wants_person) return { kind: 'human_request' };
  return answer.small_talk ? { kind: 'small_talk', smallTalk: null } : { kind: 'unclear' };
}

const LANGUAGE_TAG = /^[a-z]{2,3}(?:-[a-z0-9]{2,8})?$/i;

function mergeByAgent(intents: readonly Intent[], whole: string): Intent[] {
  const texts = new Map<string, string[]>();
  for (const { agent, text } of intents) texts.set(agent, [...(texts.get(agent) ?? []), text.trim()]);
  return [...texts].map(([agent, lines]) => {
    const text = lines.filter((line) => line !== '').join(' ');
    // A single agent gets the message as it was written: a model's retelling may lose an order number.
    return { agent, text: texts.size === 1 || text === '' ? whole : text };
  });
}
