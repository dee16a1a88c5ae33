import { setTimeout as delay } from 'node:timers/promises';
import { Pace } from '#platform/event-loop';
import { detectLanguage } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { AgentScorer, textsOf } from '../routing/agent-scores.js';
import type { SentenceEncoder } from './sentence-encoder.js';

/** Fewer are told apart by their words nearly as well, and the encoder's memory is some 170 MB. */
const FEWEST_AGENTS = 8;
/** Reading more takes longer than anybody waits for it to be of use: some 4 ms each. */
const MOST_TEXTS = 4000;
/** Of so few agents in another language the words say enough. */
const MOST_FOREIGN = 0.2;
const AT_ONCE = 16;
/** How long a message waits for the encoder, which has to read the agents' texts once after each change of them. */
const PATIENCE_MS = 4000;

/** Agents and texts as the encoder sees them. */
export interface Encoded {
  readonly scorer: AgentScorer;
  /** Of each text. */
  readonly meanings: readonly Float32Array[];
}

/** What sets of agents mean, read once for each version of an agent. English only, as the encoder is. */
export class EncodedAgents {
  private readonly read = new WeakMap<AgentDefinition, Promise<readonly Float32Array[] | null>>();
  private readonly english = new WeakMap<AgentDefinition, boolean>();

  constructor(
    private readonly encoder: SentenceEncoder,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /**
   * @param texts at most 16
   * @param language of the texts
   * @returns null where their words must do: few agents, another language, or the encoder is not ready (yet)
   * @throws the signal's reason when it is aborted
   */
  async encode(
    agents: readonly AgentDefinition[],
    texts: readonly string[],
    language: string,
    signal: AbortSignal,
  ): Promise<Encoded | null> {
    if (language !== 'en' || agents.length < FEWEST_AGENTS || texts.length > AT_ONCE) return null;
    const over = new AbortController();
    const encoding = this.scorerOf(agents).then(async (scorer) => {
      // The agents are read to the end; who has stopped waiting asks for nothing more.
      const meanings = scorer === null || over.signal.aborted ? null : await this.encoder.encode(texts);
      return scorer === null || meanings === null ? null : { scorer, meanings };
    });
    try {
      const waiting = delay(this.patienceMs, null, { signal: AbortSignal.any([signal, over.signal]) });
      return await Promise.race([encoding, waiting]);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      over.abort();
    }
  }

  private async scorerOf(agents: readonly AgentDefinition[]): Promise<AgentScorer | null> {
    const count = agents.reduce((sum, { examples, tools }) => sum + examples.length + tools.length + 2, 0);
    if (count > MOST_TEXTS || !(await this.areEnglish(agents))) return null;
    const meanings = new Map<string, readonly Float32Array[]>();
    for (const [at, agent] of agents.entries()) {
      const next = agents[at + 1];
      // The encoder has the next order before it is done with this one.
      if (next !== undefined) void this.meaningsOf(next);
      const vectors = await this.meaningsOf(agent);
      if (vectors === null) return null;
      meanings.set(agent.id, vectors);
    }
    return AgentScorer.of(agents, meanings);
  }

  private meaningsOf(agent: AgentDefinition): Promise<readonly Float32Array[] | null> {
    const known = this.read.get(agent);
    if (known !== undefined) return known;
    const reading = this.readAll(agent);
    this.read.set(agent, reading);
    const again = () => this.read.delete(agent);
    void reading.then((vectors) => vectors ?? again(), again);
    return reading;
  }

  /** In small orders, so that a message that waits for its own has its turn in between. */
  private async readAll(agent: AgentDefinition): Promise<readonly Float32Array[] | null> {
    const { about, examples } = textsOf(agent);
    const texts = [...examples, ...about];
    const vectors: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += AT_ONCE) {
      const some = await this.encoder.encode(texts.slice(at, at + AT_ONCE));
      if (some === null) return null;
      vectors.push(...some);
    }
    return vectors;
  }

  private async areEnglish(agents: readonly AgentDefinition[]): Promise<boolean> {
    const pace = new Pace();
    let foreign = 0;
    for (const agent of agents) {
      const english = this.english.get(agent) ?? detectLanguage(agent.examples.join('\n'), 'en') === 'en';
      this.english.set(agent, english);
      if (!english) foreign++;
      await pace.rest();
    }
    return foreign <= MOST_FOREIGN * agents.length;
  }
}
