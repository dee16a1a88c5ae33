import { topicStems } from '#platform/text';
import type { ToolDefinition } from '#tools';

const kept = new WeakMap<ToolDefinition, ReadonlySet<string>>();

/** Stems of the words that a tool is described by; made once for each definition. */
export function wordsOfTool(tool: ToolDefinition): ReadonlySet<string> {
  const known = kept.get(tool);
  if (known !== undefined) return known;
  const words = new Set(topicStems(`${tool.key.replace(/[_-]/g, ' ')} ${tool.name} ${tool.description}`));
  kept.set(tool, words);
  return words;
}
