import { contentStems, detectLanguage, topicStems, wordCount } from '#platform/text';
import { lastAgentsOf } from '../../turn/awaiting.js';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { Intent } from '../../turn/turn.types.js';
import { type AgentScore, AgentScorer } from './agent-scores.js';
import { clausesOf } from './clauses.js';
import { pointsBack } from '../words/pointers.js';
import type { ExampleIndex } from './example-index.js';
import { type Classification, type ClassifyRequest, IntentClassifier } from '../../steps/intent-classifier.js';

/** A clause leaves the message's main agent only when it plainly is for another one, … */
const CLAUSE_ENOUGH = 1.25;
/** … fits that one better by this, … */
const CLAUSE_MARGIN = 0.5;
/** … and the message as a whole says something of it too, … */
const CLAUSE_IN_WHOLE = 0.5;
/** … or the clause says it beyond doubt. */
const CLAUSE_BEYOND_DOUBT = 2.5;
/** A single word of meaning, or words that point back, need more. */
const FRAGMENT_ENOUGH = 5;
/** Documents that cover this much of a question make it theirs when no example does. */
const COVERED_ENOUGH = 0.55;
/**
 * Below this, a tool's agent may lose a question to the documents that cover it well. By the calibration an agent's own
 * examples stand at 4 on the average.
 */
const BEYOND_DOUBT = 6;
const COVERED_WELL = 0.5;
/** "My parcel", or a number that its tool takes, speak of one of the user's own: then documents must cover it even better. */
const COVERED_WELL_OWN = 0.7;
const OWN = /\b(?:my|mine|our|mi|mis|nuestr[oa]s?|mein\w*|unser\w*)\b/i;
const MOST_INTENTS = 4;

/** Where what agents and texts mean is known; null: not of these. */
export interface MeaningSource {
  encode(
    agents: readonly AgentDefinition[],
    texts: readonly string[],
    language: string,
    signal: AbortSignal,
  ): Promise<{ readonly scorer: AgentScorer; readonly meanings: readonly Float32Array[] } | null>;
}

/** Routing without a model: nearest examples by words, vectors and meanings, clause by clause. */
export class SimilarityIntentClassifier extends IntentClassifier {
  /** @param encoder where there is one; an embedder that knows meanings goes before it */
  constructor(
    private readonly index: ExampleIndex,
    private readonly encoder: MeaningSource | null = null,
  ) {
    super();
  }

  override async classify(request: ClassifyRequest, signal: AbortSignal): Promise<Classification> {
    const clauses = clausesOf(request.text);
    const texts = clauses.length > 1 ? [request.text, ...clauses] : [request.text];
    const language = detectLanguage(request.text, request.language);
    const encoded = this.index.knowsMeaning
      ? null
      : await this.encoder?.encode(request.agents, texts, language, signal);
    signal.throwIfAborted();
    const [scorer, vectors] = await Promise.all([
      encoded?.scorer ?? AgentScorer.of(request.agents),
      this.vectors(request, texts, signal),
    ]);
    signal.throwIfAborted();
    const scored = texts.map((text, index) => {
      const vector = vectors?.texts[index];
      return scorer.score(
        text,
        vectors === null || vector === undefined ? null : { text: vector, examples: vectors.examples },
        encoded?.meanings[index] ?? null,
      );
    });
    const [whole = [], ...parts] = scored;
    const intents =
      parts.length === 0 ? await this.single(request, whole) : await this.several(request, clauses, parts, whole);
    return {
      intents,
      reply: intents.length === 0 ? { kind: 'unclear' } : null,
      language,
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
    const resolved = await Promise.all(
      parts.map(async (scores, index) => {
        const text = clauses[index] ?? '';
        const [best] = scores;
        // A fragment belongs to what stands beside it; what no example knows may be known to the documents.
        const fragment = topicStems(text).length < 2 || pointsBack(text);
        if (best === undefined || !standsAlone(best, { scores, whole, fragment })) {
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
    if (best.standing >= 1) return (await this.betterDocumented(request, text, best)) ?? best.agent;
    const documented = await this.fromDocuments(request, text);
    if (documented !== null) return documented;
    return this.askedOfNobody(request, text);
  }

  /**
   * "What does the status Packing mean?" sounds like tracking, has no order number, and is answered by a document. "When will
   * it arrive?" is not, after tracking: "it" is what tracking has just looked up.
   */
  private betterDocumented(
    request: ClassifyRequest,
    text: string,
    best: AgentScore,
  ): Promise<AgentDefinition | null> | null {
    if (best.agent.kind !== 'domain' || best.standing >= BEYOND_DOUBT) return null;
    if (pointsBack(text) && lastAgentsOf(request.history).includes(best.agent.key)) return null;
    return this.fromDocuments(request, text, best.holds || OWN.test(text) ? COVERED_WELL_OWN : COVERED_WELL);
  }

  /** The knowledge agent whose documents cover the text best. */
  private async fromDocuments(
    request: ClassifyRequest,
    text: string,
    enough = COVERED_ENOUGH,
  ): Promise<AgentDefinition | null> {
    if (topicStems(text).length === 0) return null;
    const candidates = request.agents.filter((agent) => agent.kind === 'knowledge');
    const found = await Promise.all(
      candidates.map(async (agent) => ({ agent, coverage: await request.coverage(agent, text) })),
    );
    const [best] = found.sort((a, b) => b.coverage - a.coverage);
    return best !== undefined && best.coverage >= enough ? best.agent : null;
  }

  /**
   * A proper question that fits no example is still a question to the documents: to say that they do not answer it is
   * more honest than to call it unclear. Fragments and gibberish are unclear.
   */
  private async askedOfNobody(request: ClassifyRequest, text: string): Promise<AgentDefinition | null> {
    const knowledge = request.agents.filter((agent) => agent.kind === 'knowledge');
    const [only] = knowledge;
    if (only === undefined) return null;
    const words = wordCount(text);
    const meaning = contentStems(text).length;
    const asks = text.includes('?') || QUESTION.test(text);
    if (asks && words >= 3 && meaning >= 1 && words > meaning) return only;
    if (words < 3) return null;
    return (await AgentScorer.of(knowledge)).knowsAnyWord(text) ? only : null;
  }

  private async vectors(request: ClassifyRequest, texts: readonly string[], signal: AbortSignal) {
    if (!this.index.knowsMeaning) return null;
    try {
      return await this.index.lookUp(request, texts, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // Words alone route nearly as well; an embedder that is away must not stop a turn.
      request.onDegraded();
      return null;
    }
  }
}

/** Whether a clause is a request of its own to the agent that it fits best. */
function standsAlone(
  best: AgentScore,
  rest: { readonly scores: readonly AgentScore[]; readonly whole: readonly AgentScore[]; readonly fragment: boolean },
): boolean {
  const [main] = rest.whole;
  if (main === undefined || best.standing < 1) return false;
  if (best.agent === main.agent) return true;
  const standingIn = (scores: readonly AgentScore[], { agent }: AgentScore) =>
    scores.find((score) => score.agent === agent)?.standing ?? 0;
  if (best.standing < CLAUSE_ENOUGH || best.standing - standingIn(rest.scores, main) < CLAUSE_MARGIN) return false;
  if (rest.fragment && !best.holds) return best.standing >= FRAGMENT_ENOUGH;
  return best.standing >= CLAUSE_BEYOND_DOUBT || standingIn(rest.whole, best) >= CLAUSE_IN_WHOLE;
}

const QUESTION =
  /^(?:how|what|where|when|why|who|which|can|could|may|do|does|did|is|are|will|would|should|tell me|explain|c[oó]mo|qu[eé]|d[oó]nde|cu[aá]ndo|por qu[eé]|qui[eé]n|cu[aá]l|puedo|wie|was|wo|wann|warum|wer|welche\w*|kann|gibt)\b/i;
