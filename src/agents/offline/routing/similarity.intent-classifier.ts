import { contentStems, detectLanguage, topicStems, wordCount } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { Intent } from '../../turn/turn.types.js';
import { type AgentScore, knowsAnyWord, scoreAgents } from './agent-scores.js';
import { clausesOf } from './clauses.js';
import { pointsBack } from './requests.js';
import type { ExampleIndex } from './example-index.js';
import { type Classification, type ClassifyRequest, IntentClassifier } from '../../steps/intent-classifier.js';

/** An agent gets a text from here on. Calibrated on the demo tenants' routing sets (test/evals). */
const ENOUGH = 0.3;
/** It is enough when the text also holds what one of the agent's tools needs. */
const ENOUGH_WITH_INPUT = 0.2;
/** A clause leaves the message's main agent only when it fits another one clearly better. */
const CLAUSE_ENOUGH = 0.32;
/** A little more where a tool's input, such as an order number, is not in it. */
const CLAUSE_ENOUGH_WITHOUT_INPUT = 0.38;
const CLAUSE_MARGIN = 0.08;
/** Documents that cover this much of a question make it theirs when no example does. */
const EVIDENCE_ENOUGH = 0.55;
/** Below this, a tool's agent without an input for its tool may lose a question to the documents that cover it well. */
const BEYOND_DOUBT = 0.55;
const EVIDENCE_STRONG = 0.5;
/** "My parcel" speaks of one of the user's own: then the documents must cover it even better. */
const EVIDENCE_STRONG_OWN = 0.7;
const OWN = /\b(?:my|mine|our|mi|mis|nuestr[oa]s?|mein\w*|unser\w*)\b/i;
const MOST_INTENTS = 4;

/** Routing without a model: nearest examples by words and vectors, clause by clause. */
export class SimilarityIntentClassifier extends IntentClassifier {
  constructor(private readonly index: ExampleIndex) {
    super();
  }

  override async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification> {
    const clauses = clausesOf(request.text);
    const texts = clauses.length > 1 ? [request.text, ...clauses] : [request.text];
    const vectors = await this.vectors(request, texts, signal);
    signal.throwIfAborted();
    const scored = texts.map((text, index) => {
      const vector = vectors?.texts[index];
      return scoreAgents(
        text,
        request.agents,
        vectors === null || vector === undefined ? null : { text: vector, examples: vectors.examples },
      );
    });
    const [whole = [], ...parts] = scored;
    const intents =
      parts.length === 0 ? await this.single(request, whole) : await this.several(request, clauses, parts, whole);
    return {
      intents,
      reply: intents.length === 0 ? { kind: 'unclear' } : null,
      language: detectLanguage(request.text, request.language),
      how: 'similarity',
    };
  }

  private async single(request: ClassifyRequest, scores: readonly AgentScore[]): Promise<Intent[]> {
    const agent = await this.decide(request, request.text, scores);
    return agent === null ? [] : [{ agent: agent.key, text: request.text }];
  }

  /** Clauses that fit nobody on their own go with the one before them. */
  private async several(
    request: ClassifyRequest,
    clauses: readonly string[],
    parts: readonly (readonly AgentScore[])[],
    whole: readonly AgentScore[],
  ): Promise<Intent[]> {
    const main = whole[0];
    const resolved = await Promise.all(
      parts.map(async (scores, index) => {
        const text = clauses[index] ?? '';
        const [best, second] = scores;
        const near = best !== undefined && second !== undefined && best.score - second.score < CLAUSE_MARGIN;
        const enough = best?.agent.kind === 'domain' && !best.holds ? CLAUSE_ENOUGH_WITHOUT_INPUT : CLAUSE_ENOUGH;
        if (best === undefined || best.score < enough || (near && best.agent !== main?.agent)) {
          // What no example knows may be known to the documents; a fragment belongs to what stands beside it.
          const fragment = topicStems(text).length < 2 || pointsBack(text);
          return fragment ? null : this.fromDocuments(request, text);
        }
        return (await this.betterDocumented(request, text, best)) ?? best.agent;
      }),
    );
    const distinct = new Set(resolved.filter((agent) => agent !== null));
    if (distinct.size <= 1) {
      const [only] = distinct;
      if (only !== undefined) return [{ agent: only.key, text: request.text }];
      return this.single(request, whole);
    }
    const texts = new Map<string, string[]>();
    let current = resolved.find((agent) => agent !== null)?.key;
    resolved.forEach((agent, index) => {
      if (agent !== null) current = agent.key;
      if (current === undefined) return;
      texts.set(current, [...(texts.get(current) ?? []), clauses[index] ?? '']);
    });
    return [...texts].slice(0, MOST_INTENTS).map(([agent, lines]) => ({ agent, text: lines.join(' ') }));
  }

  private async decide(
    request: ClassifyRequest,
    text: string,
    scores: readonly AgentScore[],
  ): Promise<AgentDefinition | null> {
    const [best] = scores;
    if (best === undefined) return null;
    if (best.score >= (best.holds ? ENOUGH_WITH_INPUT : ENOUGH))
      return (await this.betterDocumented(request, text, best)) ?? best.agent;
    const documented = await this.fromDocuments(request, text);
    if (documented !== null) return documented;
    return this.askedOfNobody(request, text);
  }

  /** "What does the status Packing mean?" sounds like tracking, has no order number, and is answered by a document. */
  private betterDocumented(
    request: ClassifyRequest,
    text: string,
    best: AgentScore,
  ): Promise<AgentDefinition | null> | null {
    if (best.agent.kind !== 'domain' || best.holds || best.score >= BEYOND_DOUBT) return null;
    return this.fromDocuments(request, text, OWN.test(text) ? EVIDENCE_STRONG_OWN : EVIDENCE_STRONG);
  }

  /** The knowledge agent whose documents cover the text best. */
  private async fromDocuments(
    request: ClassifyRequest,
    text: string,
    enough = EVIDENCE_ENOUGH,
  ): Promise<AgentDefinition | null> {
    if (topicStems(text).length === 0) return null;
    const candidates = request.agents.filter((agent) => agent.kind === 'knowledge');
    const found = await Promise.all(
      candidates.map(async (agent) => ({ agent, coverage: await request.evidence(agent, text) })),
    );
    const [best] = found.sort((a, b) => b.coverage - a.coverage);
    return best !== undefined && best.coverage >= enough ? best.agent : null;
  }

  /**
   * A proper question that fits no example is still a question to the documents: to say that they do not answer it is
   * more honest than to call it unclear. Fragments and gibberish are unclear.
   */
  private askedOfNobody(request: ClassifyRequest, text: string): AgentDefinition | null {
    const knowledge = request.agents.filter((agent) => agent.kind === 'knowledge');
    const [only] = knowledge;
    if (only === undefined) return null;
    const words = wordCount(text);
    const meaning = contentStems(text).length;
    const asks = text.includes('?') || QUESTION.test(text);
    if (asks && words >= 3 && meaning >= 1 && words > meaning) return only;
    return words >= 3 && knowsAnyWord(text, knowledge) ? only : null;
  }

  private async vectors(request: ClassifyRequest, texts: readonly string[], signal: AbortSignal) {
    try {
      return await this.index.lookUp(request, texts, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // Words alone route nearly as well; an embedder that is away must not stop a turn.
      return null;
    }
  }
}

const QUESTION =
  /^(?:how|what|where|when|why|who|which|can|could|may|do|does|did|is|are|will|would|should|tell me|explain|c[oó]mo|qu[eé]|d[oó]nde|cu[aá]ndo|por qu[eé]|qui[eé]n|cu[aá]l|puedo|wie|was|wo|wann|warum|wer|welche\w*|kann|gibt)\b/i;
