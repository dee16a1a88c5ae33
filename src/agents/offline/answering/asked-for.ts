import { contentStems, fold, stem } from '#platform/text';

/** What kind of thing answers a question: a time, a price, or anything. */
export type AskedFor = 'time' | 'price' | null;

const TIME =
  /\b(?:how (?:long|soon|fast|quickly|late|many (?:minutes|hours|days|weeks|months|years))|when|what time|deadline|wie (?:lange|schnell|viele (?:minuten|stunden|tage|wochen|monate|jahre))|(?:bis )?wann|frist|combien de (?:temps|jours)|quand|délai)\b|cu[áa]nto tiempo|cu[áa]nto tarda|cu[áa]ntos (?:d[íi]as|meses|a[ñn]os)|cu[áa]ndo|plazo/i;
const PRICE =
  /\b(?:how much|costs?|prices?|fees?|charges?|expensive|kosten|kostet|preise?|gebühr(?:en)?|wie ?viel|prix|combien|frais)\b|coûte|cuesta|cu[áa]nto (?:vale|cuesta|es)|precio|coste/i;
const TELLS_TIME =
  /(?:\d|\b(?:an?|one|two|three|four|five|six|seven|ten|eine?n?|zwei|drei|fünf|un[ae]?|dos|tres|cinco|deux|trois|cinq))[\s-]+(?:(?:full|whole|working|business|calendar|opening|consecutive)[\s-]+)?(?:minutes?|hours?|days?|weeks?|months?|years?|minuten?|stunden?|(?:werk|arbeits)?tagen?|(?:werk|arbeits)?tage?|wochen?|monaten?|monate?|jahren?|jahre?|minutos?|horas?|d[íi]as?|semanas?|mes(?:es)?|a[ñn]os?|heures?|jours?|semaines?|mois|ans?)(?!\p{L})|\b\d{1,2}[:.]\d{2}\b|\b\d{1,2}\.? (?:january|february|march|april|may|june|july|august|september|october|november|december)\b|\b(?:same|next) (?:working )?day\b|\bat once\b|\bimmediately\b/iu;
const TELLS_PRICE =
  /[€$£¥]\s?\d|\d\s?(?:[€$£¥%]|(?:euros?|eur|usd|dollars?|pounds?)\b)|\b(?:free|gratis|kostenlos|gratuit)\b/i;

export function askedFor(question: string): AskedFor {
  if (TIME.test(question)) return 'time';
  return PRICE.test(question) ? 'price' : null;
}

export function tells(asked: AskedFor, text: string): boolean {
  return asked === 'time' ? TELLS_TIME.test(text) : asked === 'price' && TELLS_PRICE.test(text);
}

/** Words of a question's frame, and of those that ask for the whole of a topic. */
const FRAME = new Set(
  contentStems(
    'long something anything someone anyone somebody anybody often happen happens soon many mean lange oft etwas jemand tiempo algo alguien temps',
  ),
);
/** By stem: they ask for the whole of a topic, and tell nothing of which. */
export const WHOLE: ReadonlySet<string> = new Set(
  contentStems(
    'policy policies rules rule information info details conditions work works help topic question questions',
  ),
);

/** Stems of what a question is about, each once; of a question that is nothing but frame, all. */
export function topicOf(question: string): string[] {
  const stems = [...new Set(contentStems(question))];
  const left = stems.filter((stem) => !FRAME.has(stem));
  return left.length > 0 ? left : stems;
}

/** True when a question asks for nothing but what a title names: "What is your returns policy?" */
export function asksForWhole(question: string, title: string): boolean {
  const named = new Set(contentStems(title));
  const topic = topicOf(question).filter((stem) => !WHOLE.has(stem));
  return topic.length > 0 && askedFor(question) === null && topic.every((stem) => named.has(stem));
}

/** How alike a question and a heading are worded, small words included, since headings of help pages often are questions: 0–1. */
export function likeness(question: string, heading: string): number {
  const [asked, headed] = [wordsOf(question), wordsOf(heading)];
  if (asked.size === 0 || headed.size === 0) return 0;
  const common = [...asked].filter((word) => headed.has(word)).length;
  return (2 * common) / (asked.size + headed.size);
}

function wordsOf(text: string): Set<string> {
  const words = fold(text)
    .replace(/\bcan(?:['’]t|not)\b/g, 'can not')
    .replace(/n['’]t\b/g, ' not')
    .match(/[\p{L}\p{N}]+/gu);
  return new Set((words ?? []).map(stem));
}
