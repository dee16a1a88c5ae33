import { Liquid, type Template } from 'liquidjs';
import { LRUCache } from 'lru-cache';
import { escapeMarkdown } from '#platform/text';

const MOST_TEMPLATES = 300;
const LONGEST_ANSWER = 20_000;
/** In one piece: a good template takes one or two, and everybody else waits meanwhile. */
const RENDER_MS = 100;
/** LiquidJS looks at the clock, which goes on while a busy machine gives this process no time to compute. */
const MOST_TRIES = 5;

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
  renderLimit: RENDER_MS,
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
  const text = await rendered(known, data);
  return (
    String(text)
      .slice(0, LONGEST_ANSWER)
      // Looked at from its beginning only, else a long run inside a line is gone through again from each place in it.
      .replace(/(?<![ \t])[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  );
}

/** A template is to blame for the time that it computed, not for the time that others had. */
async function rendered(template: Template[], data: Readonly<Record<string, unknown>>): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    const before = process.cpuUsage();
    try {
      return (await engine.render(template, { ...data })) as unknown;
    } catch (error) {
      const { system, user } = process.cpuUsage(before);
      const isSlow = (system + user) / 1000 >= RENDER_MS;
      if (isSlow || tries === MOST_TRIES || !isOvertime(error)) throw error;
    }
  }
}

function isOvertime(error: unknown): boolean {
  return error instanceof Error && error.message.includes('template render limit exceeded');
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
