import { topicStems } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';

/** Stems of an agent's examples, made once for each version of it. */
const stemmed = new WeakMap<AgentDefinition, readonly ReadonlySet<string>[]>();

export function stemsOf(agent: AgentDefinition): readonly ReadonlySet<string>[] {
  const known = stemmed.get(agent);
  if (known !== undefined) return known;
  const made = agent.examples.map((example) => new Set(topicStems(example)));
  stemmed.set(agent, made);
  return made;
}

/** What an agent is about is named in so many of its examples. */
const OFTEN = 0.3;
const often = new WeakMap<AgentDefinition, ReadonlySet<string>>();

/** Stems that many of an agent's examples have. */
export function oftenNamed(agent: AgentDefinition): ReadonlySet<string> {
  const known = often.get(agent);
  if (known !== undefined) return known;
  const counts = new Map<string, number>();
  for (const stems of stemsOf(agent)) for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  const fewest = Math.max(2, OFTEN * agent.examples.length);
  const made = new Set([...counts].filter(([, count]) => count >= fewest).map(([stem]) => stem));
  often.set(agent, made);
  return made;
}

/** Share of common stems, 0–1. */
export function likeness(asked: ReadonlySet<string>, example: ReadonlySet<string>): number {
  let common = 0;
  for (const stem of example) if (asked.has(stem)) common++;
  return common === 0 ? 0 : common / Math.sqrt(asked.size * example.size);
}
