import { excerpt, topicStems } from '#platform/text';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { ClassifyRequest } from '../../steps/intent-classifier.js';
import { AgentScorer } from './agent-scores.js';
import { likeness, stemsOf } from './example-likeness.js';
import type { ExampleIndex } from './example-index.js';
import { cosine } from './example-space.js';
import { holdingsOf } from './records-routing.js';

export interface NearAgent {
  readonly agent: AgentDefinition;
  readonly examples: readonly string[];
}

/** Agents and their examples in the order of their likeness to a message, for whoever can look at a few of them only. */
export class SimilarityRanking {
  constructor(private readonly index: ExampleIndex) {}

  holdings(request: ClassifyRequest): Promise<ReadonlyMap<string, readonly string[]>> {
    return holdingsOf(request);
  }

  async nearest(request: ClassifyRequest, signal: AbortSignal): Promise<readonly NearAgent[]> {
    const [scorer, vectors] = await Promise.all([AgentScorer.of(request.agents), this.vectors(request, signal)]);
    signal.throwIfAborted();
    const asked = new Set(topicStems(excerpt(request.text, 1500, 500)));
    return scorer.score(request.text, this.index.knowsMeaning ? vectors : null).map(({ agent }) => {
      const known = vectors?.examples.get(agent.id) ?? [];
      const near = stemsOf(agent).map((stems, index) => {
        const vector = known[index];
        return likeness(asked, stems) + (vectors === null || vector === undefined ? 0 : cosine(vectors.text, vector));
      });
      const order = agent.examples.map((_example, index) => index).sort((a, b) => (near[b] ?? 0) - (near[a] ?? 0));
      return { agent, examples: order.flatMap((index) => agent.examples[index] ?? []) };
    });
  }

  /** Without vectors the words order them. */
  private async vectors(request: ClassifyRequest, signal: AbortSignal) {
    try {
      const found = await this.index.lookUp(request, [request.text], signal);
      const text = found?.texts[0];
      return found === null || text === undefined ? null : { text, examples: found.examples };
    } catch (error) {
      if (signal.aborted) throw error;
      request.onDegraded();
      return null;
    }
  }
}
