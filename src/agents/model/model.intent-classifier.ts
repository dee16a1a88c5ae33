import { detectLanguage, estimateTokens, fold, wordCount, wordsOf } from '#platform/text';
import type { AgentDefinition } from '../catalog/agent.types.js';
import {
  type AgentlessReply,
  type Classification,
  type ClassifyRequest,
  IntentClassifier,
} from '../steps/intent-classifier.js';
import type { QueryRewriter } from '../steps/query-rewriter.js';
import type { Intent } from '../turn/turn.types.js';
import { isLanguage } from './language-name.js';
import type { ModelCalls } from './model-calls.js';
import { routingMessages, routingSchema, type ShownAgent } from './routing.prompt.js';
import { standsAlone } from './stands-alone.js';

/** Up to here all agents are shown, and all their examples: a choice of ours could only leave the right one out. */
const MOST_AGENTS = 20;
const MOST_EXAMPLES = 80;
const EXAMPLES_OF_MANY = 4;
const LONGEST_QUERY = 500;
/** Fewer words are a greeting, a yes or the rest of a question as often as a request. */
const FEW_WORDS = 3;

/** Agents, and each one's examples, those nearest to the message first. */
export interface NearestAgents {
  nearest(request: ClassifyRequest, signal: AbortSignal): Promise<readonly ShownAgent[]>;
  /** What the records of matching agents have of the message, by the agents' keys. */
  holdings?(request: ClassifyRequest): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** One call with structured output. What it returns is checked; nothing usable in it means that `otherwise` decides. */
export class ModelIntentClassifier extends IntentClassifier {
  private readonly otherwise: IntentClassifier;
  private readonly ranking: NearestAgents;
  private readonly rewriter: QueryRewriter;

  constructor(
    private readonly calls: ModelCalls,
    without: {
      readonly classifier: IntentClassifier;
      readonly ranking: NearestAgents;
      readonly rewriter: QueryRewriter;
    },
  ) {
    super();
    this.otherwise = without.classifier;
    this.ranking = without.ranking;
    this.rewriter = without.rewriter;
  }

  override async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification> {
    const [only, ...others] = request.agents;
    if (only !== undefined && others.length === 0 && (await this.isPlain(request, only, signal))) {
      // Nobody else could answer; what may want no agent at all is still the model's to judge.
      const plain = await this.otherwise.classify(request, signal);
      if (plain.how === 'single') return plain;
    }
    const [agents, held] = await Promise.all([this.shown(request, signal), this.ranking.holdings?.(request)]);
    const shown = agents.map((one) => ({ ...one, holds: held?.get(one.agent.key) ?? [] }));
    const messages = routingMessages(request, shown);
    const maxTokens = 500 + Math.min(1500, estimateTokens(request.message));
    const answer = await this.calls.structuredOrNull(
      { purpose: 'route', messages, temperature: 0, maxTokens },
      { name: 'routing', schema: routingSchema(request.agents) },
      signal,
    );
    if (answer === null) return this.otherwise.classify(request, signal);
    const intents = await this.withQueries(byAgent(answer.intents, request.message), request, signal);
    if (intents.length === 0 && !answer.small_talk && !answer.unclear && !answer.wants_person && !answer.never_mind) {
      this.calls.fellBack('route', new Error('the routing answer names no agent that there is'));
      return this.otherwise.classify(request, signal);
    }
    const reply = intents.length > 0 && !answer.wants_person ? null : replyOf(answer, request);
    return {
      intents: reply === null ? intents : [],
      reply,
      language: isLanguage(answer.language)
        ? answer.language.toLowerCase()
        : detectLanguage(request.message, request.language),
      how: 'model',
    };
  }

  /** A model that was asked for a query and wrote none is not asked a second time: the rules make it. */
  private async withQueries(
    intents: readonly QueriedIntent[],
    { history, text }: ClassifyRequest,
    signal: AbortSignal,
  ): Promise<Intent[]> {
    return Promise.all(
      intents.map(async (intent): Promise<Intent> => {
        // The search that began with the message is under way: written as it was, the query finds it.
        if (saidIn(intent.query).join(' ') === saidIn(text).join(' ')) return { ...intent, query: text };
        if (intent.query !== '') return intent;
        return { ...intent, query: await this.rewriter.standalone({ question: intent.text, history }, signal) };
      }),
    );
  }

  /** Whether a message to the only agent there is needs nobody to read it, or the conversation, first. */
  private async isPlain({ history, message }: ClassifyRequest, agent: AgentDefinition, signal: AbortSignal) {
    if (wordCount(message) < FEW_WORDS && !/[\d?？]/.test(message)) return false;
    return agent.kind !== 'knowledge' || (await standsAlone({ question: message, history }, this.rewriter, signal));
  }

  /** Those nearest to the message, and whoever the conversation is with: a follow-up's own words are near to nobody. */
  private async shown(request: ClassifyRequest, signal: AbortSignal): Promise<readonly ShownAgent[]> {
    const { agents } = request;
    const all = agents.map((agent) => ({ agent, examples: agent.examples }));
    const examples = agents.reduce((sum, agent) => sum + agent.examples.length, 0);
    if (agents.length <= MOST_AGENTS && examples <= MOST_EXAMPLES) return all;
    const ranked = await this.ranking.nearest(request, signal);
    const nearest = ranked.slice(0, MOST_AGENTS);
    const shown = new Set<AgentDefinition>(nearest.map(({ agent }) => agent));
    const speaking = ranked.filter(({ agent }) => !shown.has(agent) && inConversation(request, agent));
    return [...nearest, ...speaking].map((one) => ({ ...one, examples: one.examples.slice(0, EXAMPLES_OF_MANY) }));
  }
}

function replyOf(
  answer: { readonly never_mind: boolean; readonly small_talk: boolean; readonly wants_person: boolean },
  { awaiting }: ClassifyRequest,
): AgentlessReply {
  if (answer.wants_person) return { kind: 'human_request' };
  if (answer.never_mind && awaiting.length > 0) return { kind: 'stopped' };
  return answer.small_talk || answer.never_mind ? { kind: 'small_talk', smallTalk: null } : { kind: 'unclear' };
}

function inConversation({ awaiting, history }: ClassifyRequest, agent: AgentDefinition): boolean {
  if (awaiting.some(({ agent: key }) => key === agent.key)) return true;
  const spoke = history.findLast(({ role }) => role === 'assistant')?.metadata['agents'];
  return Array.isArray(spoke) && spoke.includes(agent.key);
}

type QueriedIntent = Intent & Required<Pick<Intent, 'query'>>;

interface Part {
  readonly agent: string;
  readonly text: string;
  readonly query: string;
}

function byAgent(parts: readonly Part[], whole: string): QueriedIntent[] {
  const agents = [...new Set(parts.map(({ agent }) => agent))];
  return agents.map((agent) => {
    const own = parts.filter((part) => part.agent === agent);
    const text = joined(own.map((part) => part.text));
    const query = joined(own.map((part) => part.query))
      .slice(0, LONGEST_QUERY)
      .trim();
    return {
      agent,
      // A single agent gets the message as it was written: a model's retelling may lose an order number.
      text: agents.length > 1 && isFrom(text, whole) ? withValues(text, query, whole) : whole,
      // Some models say it once only: then the part is what they have made complete.
      query: query === '' ? text.slice(0, LONGEST_QUERY).trim() : query,
    };
  });
}

/** "Send me the invoice for it" with the number that the other part of the message gave and the query repeats. */
function withValues(part: string, query: string, whole: string): string {
  const [own, said] = [new Set(valuesIn(part)), new Set(valuesIn(whole))];
  const missing = valuesIn(query).filter((value) => said.has(value) && !own.has(value));
  return [part, ...new Set(missing)].join(' ');
}

const LONGEST_VALUE = 100;

/** Numbers, codes and addresses: what a tool needs and a retelling says "it" for. */
function valuesIn(text: string): string[] {
  return text
    .split(/[\s,;()"“”]+/)
    .filter((word) => word.length <= LONGEST_VALUE)
    .map((word) => word.replace(/^[#'¿¡]+|[.:!?']+$/g, ''))
    .filter((word) => /[\d@]/.test(word));
}

function joined(lines: readonly string[]): string {
  return [...new Set(lines.map((line) => line.trim()))].filter((line) => line !== '').join(' ');
}

/** Whether a part is made of the message's own words, most of them at least: not a translation, nor an answer. */
function isFrom(part: string, whole: string): boolean {
  if (part.length > whole.length + 200) return false;
  const said = new Set(saidIn(whole));
  const words = saidIn(part);
  return words.length > 0 && words.filter((word) => said.has(word)).length * 2 >= words.length;
}

function saidIn(text: string): string[] {
  return wordsOf(fold(text));
}
