import { excerpt, topicStems } from '#platform/text';
import type { WorkMeter } from '#tools';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { findingsFor } from '../extraction/entity-rules.js';
import { judging, propertiesOf } from '../../catalog/tool-inputs.js';
import { cosine } from './example-index.js';

export interface AgentScore {
  readonly agent: AgentDefinition;
  /** 0–1; see `scoreAgents`. */
  readonly score: number;
  /** How near the nearest example is by its words alone, 0–1. */
  readonly nearest: number;
  /** True when the text has a value that one of the agent's tools needs. */
  readonly holds: boolean;
}

const INPUT_BONUS = 0.15;

interface Lexicon {
  readonly agent: AgentDefinition;
  readonly examples: readonly ReadonlySet<string>[];
  readonly vocabulary: ReadonlySet<string>;
}

interface Lexicons {
  readonly entries: readonly Lexicon[];
  /** Weight of a stem: how few of the agents use it. */
  readonly weights: ReadonlyMap<string, number>;
  readonly unknown: number;
}

/** Built once for each set of agents (sets are replaced, not changed, when a tenant's agents change). */
const built = new WeakMap<readonly AgentDefinition[], Lexicons>();

function lexiconsOf(agents: readonly AgentDefinition[]): Lexicons {
  const known = built.get(agents);
  if (known !== undefined) return known;
  const entries = agents.map((agent) => ({
    agent,
    examples: agent.examples.map((example) => new Set(topicStems(example))),
    vocabulary: new Set(
      topicStems(
        [
          agent.key.replace(/[_-]/g, ' '),
          agent.name,
          agent.description,
          ...agent.examples,
          ...agent.tools.flatMap((tool) => [tool.name, tool.description]),
        ].join(' '),
      ),
    ),
  }));
  const counts = new Map<string, number>();
  for (const { vocabulary } of entries) for (const stem of vocabulary) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  const weight = (count: number) => Math.log(1 + (entries.length + 0.5) / count);
  const lexicons = {
    entries,
    weights: new Map([...counts].map(([stem, count]) => [stem, weight(count)])),
    unknown: weight(1),
  };
  built.set(agents, lexicons);
  return lexicons;
}

/**
 * How well each agent fits a text, best first: the nearest example by words and by vector, and how much of the text the
 * agent's vocabulary knows. Without vectors the lexical parts count alone.
 */
export function scoreAgents(
  text: string,
  agents: readonly AgentDefinition[],
  vectors: { readonly text: Float32Array; readonly examples: ReadonlyMap<string, readonly Float32Array[]> } | null,
): AgentScore[] {
  const { entries, weights, unknown } = lexiconsOf(agents);
  const stems = [...new Set(topicStems(excerpt(text, 1500, 500)))];
  const weightOf = (stem: string) => weights.get(stem) ?? unknown;
  const total = sum(stems, weightOf);
  const meter = judging();
  const scores = entries.map(({ agent, examples, vocabulary }) => {
    const covered =
      total === 0
        ? 0
        : sum(
            stems.filter((stem) => vocabulary.has(stem)),
            weightOf,
          ) / total;
    let nearest = 0;
    for (const example of examples) {
      const common = sum(
        stems.filter((stem) => example.has(stem)),
        weightOf,
      );
      const size = Math.sqrt(total * sum([...example], weightOf));
      if (size > 0) nearest = Math.max(nearest, common / size);
    }
    let score = 0.6 * nearest + 0.4 * covered;
    const exampleVectors = vectors?.examples.get(agent.id);
    if (vectors !== null && exampleVectors !== undefined && exampleVectors.length > 0) {
      const near = Math.max(0, ...exampleVectors.map((vector) => cosine(vectors.text, vector)));
      score = 0.65 * score + 0.35 * near;
    }
    const holds = holdsInput(agent, text, meter);
    return { agent, score: holds ? score + INPUT_BONUS * (1 - score) : score, nearest, holds };
  });
  return scores.sort((a, b) => b.score - a.score);
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

/** True when at least one word of the text is known to some agent; gibberish has none. */
export function knowsAnyWord(text: string, agents: readonly AgentDefinition[]): boolean {
  const { weights } = lexiconsOf(agents);
  return topicStems(text).some((stem) => weights.has(stem));
}

function sum(stems: readonly string[], weightOf: (stem: string) => number): number {
  let total = 0;
  for (const stem of stems) total += weightOf(stem);
  return total;
}
