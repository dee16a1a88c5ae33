import type { ToolDefinition } from '#tools';
import { contentStems } from '../text/words.js';
import { type PlanRequest, ToolPlanner } from './tool-planner.port.js';
import type { RuleEntityExtractor } from './rule.entity-extractor.js';
import { missingOf } from './schema-properties.js';

/** One tool a turn: the one whose words are nearest, rather one whose inputs are there, rather an earlier one. */
export class SimilarityToolPlanner extends ToolPlanner {
  constructor(private readonly rules: RuleEntityExtractor) {
    super();
  }

  override next(request: PlanRequest): Promise<ToolDefinition | null> {
    if (request.done.length > 0) return Promise.resolve(null);
    return Promise.resolve(this.best(request));
  }

  private best({ tools, text, history }: PlanRequest): ToolDefinition | null {
    if (tools.length <= 1) return tools[0] ?? null;
    const stems = new Set(contentStems(text));
    const scored = tools.map((tool, position) => {
      const own = new Set(contentStems(`${tool.key.replace(/[_-]/g, ' ')} ${tool.name} ${tool.description}`));
      const common = [...stems].filter((stem) => own.has(stem)).length;
      const values = this.rules.extractNow({ tool, text, history, known: {}, asked: [] });
      const ready = missingOf(tool, values).length === 0;
      // What changes something is chosen only when its words are said.
      const bold = tool.readOnly || common > 0;
      return { tool, score: common / Math.sqrt(Math.max(1, own.size)) + (ready ? 0.25 : 0) - position * 0.01, bold };
    });
    const allowed = scored.filter(({ bold }) => bold);
    const [best] = (allowed.length === 0 ? scored : allowed).sort((a, b) => b.score - a.score);
    return best?.tool ?? null;
  }
}
