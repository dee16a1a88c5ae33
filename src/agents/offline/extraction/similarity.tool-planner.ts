import { topicStems } from '#platform/text';
import type { ToolDefinition } from '#tools';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { isQuestion, leaningOf } from '../words/pointers.js';
import { findingsFor, type RuleOptions } from './entity-rules.js';
import type { RuleEntityExtractor } from './rule.entity-extractor.js';
import { wordsOfTool } from './tool-words.js';
import { judging, missingOf, propertiesOf } from '../../catalog/tool-inputs.js';
import { type PlanRequest, ToolPlanner } from '../../steps/tool-planner.js';

/** All inputs are there. */
const READY = 0.25;
/** The message itself gives one of the inputs. */
const GIVEN = 0.15;

/**
 * One tool a turn: the one whose words are nearest, rather one whose inputs are there, rather an earlier one. A tool that
 * changes something must be asked for by words, or by an input, that no reading tool has: "1042" alone cancels nothing.
 */
export class SimilarityToolPlanner extends ToolPlanner {
  constructor(private readonly rules: RuleEntityExtractor) {
    super();
  }

  override next(request: PlanRequest): Promise<ToolDefinition | null> {
    if (request.done.length > 0) return Promise.resolve(null);
    return Promise.resolve(this.best(request));
  }

  private best({ agent, tools, text: written, history, language, timeZone }: PlanRequest): ToolDefinition | null {
    if (tools.length <= 1) return tools[0] ?? null;
    if (asksForNothingOf(agent, tools, written)) return null;
    const text = withRepeated(written, tools, history);
    const stems = [...new Set(topicStems(text))];
    const reading = tools.filter(({ readOnly }) => readOnly);
    const plainWords = new Set(reading.flatMap((tool) => [...wordsOfTool(tool)]));
    const plainInputs = new Set(reading.flatMap((tool) => propertiesOf(tool).map(({ name }) => name)));
    const options = { today: new Date(), language, timeZone, asked: false, alone: false, meter: judging() };
    const scored = tools.map((tool, position) => {
      const own = wordsOfTool(tool);
      const common = stems.filter((stem) => own.has(stem));
      const given = givenInputs(tool, text, options);
      const values = this.rules.extractNow({ tool, text: written, history, known: {}, asked: [], language, timeZone });
      const ready = missingOf(tool, values).length === 0;
      const bold =
        tool.readOnly ||
        common.some((stem) => !plainWords.has(stem)) ||
        given.some((name) => reading.length > 0 && !plainInputs.has(name));
      const score =
        common.length / Math.sqrt(Math.max(1, own.size)) + (ready ? READY : 0) + GIVEN * given.length - position * 0.01;
      return { tool, score, bold };
    });
    const [best] = scored.filter(({ bold }) => bold).sort((a, b) => b.score - a.score);
    return best?.tool ?? null;
  }
}

/** "Do it again", "the same for 1043": what is to be done is what was asked for before. */
function withRepeated(text: string, tools: readonly ToolDefinition[], history: readonly HistoryMessage[]): string {
  if (topicStems(text).length > 0 || !leaningOf(text).repeats) return text;
  const named = (content: string) =>
    topicStems(content).some((stem) => tools.some((tool) => wordsOfTool(tool).has(stem)));
  const asked = history.findLast(({ content, role }) => role === 'user' && named(content));
  return asked === undefined ? text : `${asked.content}\n${text}`;
}

/** "Cancel that", "and by post?": points at what was done, and names something that neither the tools nor the examples know. */
function asksForNothingOf({ examples }: AgentDefinition, tools: readonly ToolDefinition[], text: string): boolean {
  const { circumstance, elliptical, repeats, standsIn } = leaningOf(text);
  if (/[\d@]/.test(text) || repeats || !(circumstance || (elliptical && standsIn && !isQuestion(text)))) return false;
  const stems = topicStems(text);
  if (stems.length === 0) return false;
  const known = new Set([...tools.flatMap((tool) => [...wordsOfTool(tool)]), ...topicStems(examples.join('\n'))]);
  return !stems.some((stem) => known.has(stem));
}

function givenInputs(tool: ToolDefinition, text: string, options: RuleOptions): string[] {
  return propertiesOf(tool)
    .filter((property) => findingsFor(property, text, options).some(({ strong }) => strong))
    .map(({ name }) => name);
}
