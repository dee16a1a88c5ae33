import { Pace } from '#platform/event-loop';
import { topicStems } from '#platform/text';
import type { WorkMeter } from '#tools';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { judging, propertiesOf } from '../../catalog/tool-inputs.js';
import { findingsFor } from '../extraction/entity-rules.js';
import { type Calibration, standing } from './calibration.js';
import { oftenNamed } from './example-likeness.js';
import { ExampleSpace } from './example-space.js';
import { isQuestion } from '../words/pointers.js';
import { UtteranceModel } from './utterance-model.js';

export interface AgentScore {
  readonly agent: AgentDefinition;
  /** 0: nothing speaks for it; 1: just enough to get the text; more where it is plainer. */
  readonly standing: number;
  /** True when the text has a value that one of the agent's tools needs. */
  readonly holds: boolean;
}

/** A text's vector, and those of each agent's examples by its id: the same arrays as long as the examples stay the same. */
export interface TextVectors {
  readonly text: Float32Array;
  readonly examples: ReadonlyMap<string, readonly Float32Array[]>;
}

/** Fewer examples do not show that there is no question among them. */
const FEWEST_REQUESTS = 3;
/** Less than enough. */
const NOT_ASKED_FOR = 0.5;
/** What a value for one of its tools adds to an agent's standing: half of what is enough. */
const HOLDS = 0.5;
/** Words of meaning that an agent has never heard, and none that it has: beside so many its value may still be meant. */
const MOST_STRANGE = 2;
/** Without a single word of meaning that the agent's own texts have, everything else must say it twice. */
const WITHOUT_A_WORD = 0.5;
/** Where there are hardly any examples to learn from. Measured over random sets of two to four agents with three examples. */
const PRIOR: Calibration = { far: 0, enough: 0.04, own: 0.16 };
/** Where meanings are known too: a text scores more with its own agent, and still more with strangers. Measured likewise. */
const PRIOR_WITH_MEANINGS: Calibration = { far: 0, enough: 0.08, own: 0.2 };
const ENOUGH_SHARE_WITH_MEANINGS = 0.4;
/** The vectors' part, where there are any. */
const VECTORS = 0.5;
/** Personas see different agents of the same tenant; each such set is learnt once. */
const MOST_SETS = 16;

/** What an agent is known by: what people say to it, and what is said about it. */
export interface AgentTexts {
  readonly examples: readonly string[];
  readonly about: readonly string[];
}

/** By agent id, a unit vector for each of its examples, then for each text about it. */
export type AgentMeanings = ReadonlyMap<string, readonly Float32Array[]>;

/** How well each of a set of agents fits a text. Learnt once for each set, from the agents' own texts. */
export class AgentScorer {
  private space: ExampleSpace | null = null;

  private constructor(
    private readonly agents: readonly AgentDefinition[],
    private readonly model: UtteranceModel,
    private readonly calibration: Calibration,
    private readonly words: readonly ReadonlySet<string>[],
  ) {}

  /**
   * Definitions are replaced, never changed, when an agent changes.
   * @param meanings of the agents' texts, always those of one encoder; without them the words decide
   */
  static of(agents: readonly AgentDefinition[], meanings: AgentMeanings | null = null): Promise<AgentScorer> {
    const [first] = agents;
    if (first === undefined) return AgentScorer.fit(agents, meanings);
    const meant = meanings !== null;
    const sets = known.get(first) ?? [];
    const found = sets.find((set) => set.meant === meant && sameAgents(set.agents, agents));
    if (found !== undefined) return found.scorer;
    const scorer = AgentScorer.fit(agents, meanings);
    // A set with an older version of one of them is asked for no more.
    const versions = new Map(agents.map((agent) => [agent.id, agent]));
    const current = sets.filter((set) => set.agents.every((agent) => (versions.get(agent.id) ?? agent) === agent));
    known.set(first, [{ agents, meant, scorer }, ...current].slice(0, MOST_SETS));
    return scorer;
  }

  private static async fit(agents: readonly AgentDefinition[], meanings: AgentMeanings | null): Promise<AgentScorer> {
    const groups = agents.map((agent) => ({ ...textsOf(agent), meanings: meanings?.get(agent.id) ?? [] }));
    const { model, trials } = await UtteranceModel.fit(groups);
    const pace = new Pace();
    const words: ReadonlySet<string>[] = [];
    for (const { about, examples } of groups) {
      const stems = new Set<string>();
      for (const text of [...about, ...examples]) {
        for (const stem of topicStems(text)) stems.add(stem);
        await pace.rest();
      }
      words.push(stems);
    }
    const calibration =
      meanings === null
        ? trials.calibration(PRIOR)
        : trials.calibration(PRIOR_WITH_MEANINGS, ENOUGH_SHARE_WITH_MEANINGS);
    return new AgentScorer(agents, model, calibration, words);
  }

  /**
   * Best first.
   * @param meaning of the text, for a scorer that learnt from meanings
   */
  score(text: string, vectors: TextVectors | null, meaning: Float32Array | null = null): AgentScore[] {
    const stems = topicStems(text);
    const byWords = this.model.scores(text, meaning);
    const byVectors = vectors === null ? null : this.spaceOf(vectors).standings(vectors.text);
    const meter = judging();
    const asks = isQuestion(text);
    const scores = this.agents.map((agent, index) => {
      const own = this.words[index];
      const shares = stems.length === 0 || stems.some((stem) => own?.has(stem) === true);
      const words = standing(byWords[index] ?? 0, this.calibration) * (shares || meaning !== null ? 1 : WITHOUT_A_WORD);
      const near = byVectors?.[index];
      // A message whose words are about something else has its number for something else.
      const strange = shares ? 0 : stems.filter((stem) => !/\d/.test(stem)).length;
      const holds = strange <= MOST_STRANGE && holdsInput(agent, text, meter);
      const both = near === undefined ? words : (1 - VECTORS) * words + VECTORS * near;
      const stands = holds ? both + HOLDS : both;
      const wanted = !asks || isMadeFor(agent, stems);
      return { agent, standing: wanted ? stands : Math.min(stands, NOT_ASKED_FOR), holds };
    });
    return scores.sort((a, b) => b.standing - a.standing);
  }

  private spaceOf({ examples }: TextVectors): ExampleSpace {
    const groups = this.agents.map(({ id }) => examples.get(id) ?? NONE);
    if (this.space?.groups.every((vectors, index) => vectors === groups[index]) === true) return this.space;
    return (this.space = new ExampleSpace(groups));
  }

  /** True when at least one word of the text is known to some agent; gibberish has none. */
  knowsAnyWord(text: string): boolean {
    return topicStems(text).some((stem) => this.words.some((words) => words.has(stem)));
  }
}

const NONE: readonly Float32Array[] = [];

const known = new WeakMap<
  AgentDefinition,
  readonly {
    readonly agents: readonly AgentDefinition[];
    readonly meant: boolean;
    readonly scorer: Promise<AgentScorer>;
  }[]
>();

function sameAgents(some: readonly AgentDefinition[], others: readonly AgentDefinition[]): boolean {
  return some === others || (some.length === others.length && some.every((agent, index) => agent === others[index]));
}

export function textsOf(agent: AgentDefinition): AgentTexts {
  return { examples: agent.examples, about: aboutOf(agent) };
}

/** Sentence by sentence: a long description must not drown in one direction. */
function aboutOf({ description, key, name, tools }: AgentDefinition): string[] {
  const texts = [`${key.replace(/[_-]/g, ' ')} ${name}`, description];
  return [...texts, ...tools.map((tool) => `${tool.name} ${tool.description}`)].filter((text) => text.trim() !== '');
}

/**
 * Who makes something waits to be asked for it: where his examples are all requests, a question is none, unless it names
 * what he makes. True of everybody who answers questions.
 */
function isMadeFor(agent: AgentDefinition, stems: readonly string[]): boolean {
  const known = makers.get(agent);
  const maker = known ?? makesOnRequest(agent);
  if (known === undefined) makers.set(agent, maker);
  return !maker || stems.some((stem) => oftenNamed(agent).has(stem));
}

const makers = new WeakMap<AgentDefinition, boolean>();

function makesOnRequest({ examples, kind, tools }: AgentDefinition): boolean {
  const changes = kind === 'domain' && tools.length > 0 && tools.every(({ readOnly }) => !readOnly);
  return (kind === 'writer' || changes) && examples.length >= FEWEST_REQUESTS && !examples.some(isQuestion);
}

/** "1042" is an order number to a tool whose input looks like that. Only values with digits or an @ can be told so. */
function holdsInput(agent: AgentDefinition, text: string, meter: WorkMeter): boolean {
  if (!/\d|@/.test(text)) return false;
  const options = { today: new Date(), asked: false, alone: false, meter };
  return agent.tools.some((tool) =>
    propertiesOf(tool).some(
      (property) => property.required && findingsFor(property, text, options).some(({ strong }) => strong),
    ),
  );
}
