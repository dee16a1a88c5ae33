import type { RecordCatalog, Wish } from '#rag';
import { type ExtractedWishes, WishExtractor, type WishRequest } from '../../steps/wish-extractor.js';
import { answeredBy, shownBy } from '../../turn/shown-items.js';
import { asksElsewhere } from './asks-elsewhere.js';
import { pointedAt } from './pointed-at.js';
import { saidWishes, type Said } from './said-wishes.js';

/** Earlier messages that a follow-up may go on from. */
const LOOK_BACK = 6;
/** "Which of these is cheapest?" means those that were shown, "cheaper ones" some more of their like. */
const SHOWN = 5;
const NEARBY = 20;

/** Without a model: each message by itself, then what the later ones change in the earlier ones' wishes. */
export class RuleWishExtractor extends WishExtractor {
  override extract(request: WishRequest, signal: AbortSignal): Promise<ExtractedWishes> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return Promise.resolve(this.extractNow(request));
  }

  extractNow({ agent, catalog, history, others, text }: WishRequest): ExtractedWishes {
    const elsewhere = asksElsewhere(text, agent, others, catalog);
    const now = saidWishes(text, catalog, agent);
    const earlier = asked(history, agent.key).slice(-LOOK_BACK);
    let state: Said | null = null;
    let seen: string[] = [];
    let telling = text;
    for (const { content, shown } of earlier) {
      const said = saidWishes(content, catalog, agent);
      // "What does it pay?" asked for nothing else.
      if (seen.length > 0 && (said.pick !== null || (said.about && said.asked.length > 0))) continue;
      if (!said.further) telling = content;
      // What was shown of another search is new again.
      if (state !== null && (said.startsAnew || !continues(said))) seen = [];
      state = goingOn(state, said, catalog);
      seen = [...seen, ...shown];
    }
    const { count, order, pick, wishes } = goingOn(state, now, catalog);
    const sorting = order === null || state === null ? order : { ...order, among: now.ofThese ? SHOWN : NEARBY };
    const further = now.further && seen.length > 0;
    return {
      wishes,
      count,
      order: sorting,
      pick: state === null ? null : pick,
      elsewhere,
      pointed: pointedAt({ agent, catalog, history, text }, now),
      except: further ? seen : null,
      text: further ? telling : text,
    };
  }
}

/** Messages of the person that this agent answered, oldest first, with what it showed. */
function asked(history: WishRequest['history'], agent: string): { content: string; shown: readonly string[] }[] {
  return history.flatMap(({ content, role }, index) => {
    const answer = history[index + 1];
    if (role !== 'user' || answer === undefined || !answeredBy(answer, agent)) return [];
    return [{ content, shown: shownBy(answer) }];
  });
}

/** What is in force after another message. */
function goingOn(before: Said | null, now: Said, catalog: RecordCatalog): Said {
  if (before === null || now.startsAnew || !continues(now)) return now;
  const replaced = before.wishes.filter((wish) => !now.wishes.some((other) => replaces(other, wish, catalog)));
  return {
    ...now,
    wishes: [...now.wishes, ...replaced],
    count: now.count ?? before.count,
    order: now.order ?? before.order,
  };
}

/** A message that goes on says so, or says how something should be and not what. */
function continues({ about, asked: fields, count, further, goesOn, namesThings, order, pick, wishes }: Said): boolean {
  if (goesOn || further || pick !== null || (about && fields.length > 0)) return true;
  if (namesThings || wishes.some(({ not, role }) => role === 'topic' && !not)) return false;
  return wishes.some(({ role }) => role === 'attribute') || order !== null || count !== null;
}

/** Another town takes the place of the first; one more skill does not. */
function replaces(now: Wish, before: Wish, catalog: RecordCatalog): boolean {
  if (now.not || before.not || now.role === 'hint') return false;
  if (before.role === 'hint') return true;
  // What no record had gives way to whatever is said instead.
  if (before.anyOf.length === 0) return now.role === before.role;
  const single = (wish: Wish) =>
    wish.anyOf.flatMap((test) => {
      if (test.kind === 'text') return [];
      const field = catalog.fields.find(({ name }) => name === test.field);
      return field === undefined || field.kind === 'list' ? [] : [field];
    });
  const [own, others] = [single(now), single(before)];
  if (now.anyOf.length === 0 || own.length < now.anyOf.length) return false;
  return own.some(
    (field) =>
      others.includes(field) ||
      others.some(({ name }) => field.parents.includes(name)) ||
      others.some((other) => other.parents.includes(field.name)),
  );
}
