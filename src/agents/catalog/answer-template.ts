import { Liquid, type Template } from 'liquidjs';
import { LRUCache } from 'lru-cache';
import { escapeMarkdown } from '#platform/text';

const MOST_TEMPLATES = 300;
const LONGEST_ANSWER = 20_000;

/**
 * Renders a tenant's answer templates. No file, no include, no code: own properties of plain data only, bounded in time
 * and memory, and every value escaped so that what a tool says stays text.
 */
const engine = new Liquid({
  templates: {},
  ownPropertyOnly: true,
  strictFilters: true,
  strictVariables: false,
  lenientIf: true,
  parseLimit: 20_000,
  // Milliseconds, in one piece: a good template takes one or two, and everybody else waits meanwhile.
  renderLimit: 100,
  memoryLimit: 2_000_000,
  outputEscape: escapeMarkdown,
  greedy: true,
});
const parsed = new LRUCache<string, Template[]>({ max: MOST_TEMPLATES });

/**
 * @param data by tool key, also as `result` (the last tool's), `entities`, `message` and `language`
 * @returns Markdown, trimmed, without runs of empty lines
 * @throws Error when the template is not valid or passes its limits
 */
export async function renderAnswer(template: string, data: Readonly<Record<string, unknown>>): Promise<string> {
  let known = parsed.get(template);
  if (known === undefined) {
    known = engine.parse(template);
    parsed.set(template, known);
  }
  const text: unknown = await engine.render(known, { ...data });
  return (
    String(text)
      .slice(0, LONGEST_ANSWER)
      // Looked at from its beginning only, else a long run inside a line is gone through again from each place in it.
      .replace(/(?<![ \t])[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  );
}

/** What is wrong with a template, or null; for when an agent is saved. */
export function templateFault(template: string): string | null {
  try {
    engine.parse(template);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? 'it cannot be read') : 'it cannot be read';
  }
}
