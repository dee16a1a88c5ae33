import { detectLanguage, escapeMarkdown, fold } from '#platform/text';
import { labelOf, type Matches, type MatchItem, type RecordCatalog } from '#rag';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import { fill, type Phrases } from '../../turn/phrases.js';

const REASONS = 3;
const FACTS = 2;
/** Values of a field that are named when nothing was found. */
const NAMED = 8;
const EXAMPLES = 3;

/** The matches in words; when none has all that was asked, what is missing first. */
export function summary(
  matches: Matches,
  catalog: RecordCatalog | null,
  phrases: Phrases,
  said: { readonly asked: number | null; readonly more: boolean },
): string {
  const { items } = matches;
  const facts = tellingFields(catalog);
  const lines = items.map((item, index) => {
    const about = facts
      .map((field) => item[field])
      .filter((part) => typeof part === 'string' && part !== '' && !fold(item.title).includes(fold(part)))
      .map(escapeMarkdown);
    const reasons = item.reasons.slice(0, REASONS).map(escapeMarkdown).join('; ');
    const place = about.length === 0 ? '' : `, ${about.join(', ')}`;
    return `${index + 1}. **${escapeMarkdown(item.title)}**${place} (${Math.round(item.score * 100)} %)${reasons === '' ? '' : `: ${reasons}`}`;
  });
  return `${openingOf(matches, phrases, said)}\n\n${lines.join('\n')}`;
}

function openingOf(
  { items, unmet }: Matches,
  phrases: Phrases,
  { asked, more }: { readonly asked: number | null; readonly more: boolean },
): string {
  if (unmet.length > 0) {
    const lacking = unmet.length === 1 ? phrases.nearestMatches : phrases.nearestMatchesLacking;
    return fill(lacking, { unmet: quoted(unmet, phrases) });
  }
  const fitting = items.filter(({ fits }) => fits).length;
  if (fitting < items.length) {
    const few = fitting === 1 ? phrases.oneFits : phrases.fewFit;
    return fill(few, { asked: String(asked ?? items.length), count: String(fitting) });
  }
  if (more) return phrases.moreMatches;
  return fill(items.length === 1 ? phrases.oneMatch : phrases.matches, { count: String(items.length) });
}

/** Fields of a record that are told when none was asked for, and characters of a text. */
const MOST_FIELDS = 12;
const EXCERPT = 400;

/** What records say of the fields that were asked for; of none in particular: what they say in the main. */
export function particulars(
  items: readonly MatchItem[],
  asked: readonly string[],
  { catalog, phrases }: { readonly catalog: RecordCatalog | null; readonly phrases: Phrases },
): string {
  const known = (catalog?.fields ?? []).filter(({ kind }) => kind !== 'title').map(({ name }) => name);
  const names = asked.length > 0 ? asked : known.slice(0, MOST_FIELDS);
  const told = items.map((item) => {
    const lines = names.flatMap((name) => {
      const value = readable(item[name], phrases);
      return value === '' ? [] : [`${labelOf(name)}: ${escapeMarkdown(value)}`];
    });
    return { title: `**${escapeMarkdown(item.title)}**`, lines: lines.length > 0 ? lines : [phrases.notSaid] };
  });
  const [only, ...others] = told;
  if (only !== undefined && others.length === 0) {
    return `${only.title}\n\n${only.lines.map((line) => `- ${line}`).join('\n')}`;
  }
  return told.map(({ lines, title }, index) => `${index + 1}. ${title}: ${lines.join('; ')}`).join('\n');
}

function readable(value: unknown, phrases: Phrases): string {
  if (typeof value === 'boolean') return value ? phrases.yes : phrases.no;
  if (typeof value === 'number')
    return value.toLocaleString('en', { maximumFractionDigits: 2, useGrouping: value >= 10_000 });
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string').join(', ');
  if (typeof value !== 'string') return '';
  const text = value.replaceAll('_', ' ');
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT).trimEnd()}…` : text;
}

/** Nothing resembles what was asked: says so, and what there is. */
export function nothingLike(unmet: readonly string[], catalog: RecordCatalog | null, phrases: Phrases): string {
  if (unmet.length === 0) return phrases.noMatches;
  const said = fill(phrases.nothingLike, { asked: quoted(unmet, phrases) });
  const topics = catalog?.fields.find(({ kind, topical }) => topical && kind === 'category');
  const titles = catalog?.fields.find(({ kind }) => kind === 'title');
  const values = (topics ?? titles)?.values.slice(0, NAMED) ?? [];
  return values.length === 0
    ? said
    : `${said} ${fill(phrases.thereIs, { values: values.map(escapeMarkdown).join(', ') })}`;
}

/** What belongs to somebody else's agent cannot be asked here; this can. */
export function askableInstead(
  { examples }: AgentDefinition,
  others: readonly AgentDefinition[],
  language: string,
  phrases: Phrases,
): string {
  const own = examples.filter((example) => detectLanguage(example, 'en') === language);
  const shown = (own.length > 0 ? own : examples).slice(0, EXAMPLES).map((example) => `- ${escapeMarkdown(example)}`);
  const who = [...new Set(others.flatMap(({ personas }) => personas))].map((persona) => persona.replaceAll('_', ' '));
  const opening = who.length === 0 ? phrases.notForYou : fill(phrases.onlyFor, { who: escapeMarkdown(who.join(', ')) });
  return shown.length === 0 ? phrases.noTool : `${opening}\n\n${shown.join('\n')}`;
}

/** Long texts are on the cards; a model needs what the score was made from. */
export function forModel({ items, unmet }: Matches): { tool: string; data: unknown }[] {
  const matches = items.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([field, value]) => [field, typeof value === 'string' ? value.slice(0, 300) : value]),
    ),
  );
  return [{ tool: 'matches', data: unmet.length === 0 ? matches : { nothing_has: unmet, nearest: matches } }];
}

/** Fields that tell one record from another at a glance: those of the most different short values. */
function tellingFields(catalog: RecordCatalog | null): (keyof MatchItem & string)[] {
  const fields = (catalog?.fields ?? []).filter(({ kind, topical }) => kind === 'category' && !topical);
  const telling = [...fields].sort((a, b) => b.values.length - a.values.length).slice(0, FACTS);
  return fields.filter((field) => telling.includes(field)).map(({ name }) => name);
}

function quoted(said: readonly string[], { and }: Phrases): string {
  const all = said.map((words) => `“${escapeMarkdown(words)}”`);
  const last = all.pop() ?? '';
  return all.length === 0 ? last : `${all.join(', ')} ${and} ${last}`;
}
