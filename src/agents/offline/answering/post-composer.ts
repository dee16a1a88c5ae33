import { fold, isStopWord, phraseLanguage, type PhraseLanguage } from '#platform/text';

interface Words {
  readonly opening: readonly [string, string, string];
  readonly why: string;
  readonly placeholder: string;
  readonly question: string;
}

const WORDS: Readonly<Record<PhraseLanguage, Words>> = {
  en: {
    opening: ['Let’s talk about {topic}.', 'Something worth sharing: {topic}.', '{Topic} – here is where we stand.'],
    why: 'What it comes down to:',
    placeholder: '[Add one concrete fact, number or example here before you post.]',
    question: 'What is your experience with this? I would like to hear it in the comments.',
  },
  es: {
    opening: ['Hablemos de {topic}.', 'Algo que merece ser contado: {topic}.', '{Topic}: en qué punto estamos.'],
    why: 'Lo esencial:',
    placeholder: '[Añade aquí un dato, una cifra o un ejemplo concreto antes de publicar.]',
    question: '¿Cuál es tu experiencia? Me encantará leerla en los comentarios.',
  },
  de: {
    opening: ['Reden wir über {topic}.', 'Etwas, das ich teilen möchte: {topic}.', '{Topic} – wo wir stehen.'],
    why: 'Worauf es ankommt:',
    placeholder: '[Vor dem Veröffentlichen hier eine konkrete Zahl, Tatsache oder ein Beispiel ergänzen.]',
    question: 'Welche Erfahrungen haben Sie damit? Ich freue mich auf Ihre Kommentare.',
  },
};

const REQUEST =
  /^.{0,200}?\b(?:post|beitrag|publicaci[oó]n|text|texto|announcement|update|article|draft|entwurf)\b[^:]{0,40}?\b(?:about|on|regarding|announcing|that says|saying|for|sobre|acerca de|anunciando|über|zu|zum|zur|für)\s+/is;
const VERB_ONLY =
  /^\s*(?:please\s+|por favor\s+|bitte\s+)?(?:can you |could you |help me )?(?:write|draft|create|compose|make|prepare|generate|escribe|redacta|crea|schreib\w*|erstell\w*|verfass\w*)\s+(?:me\s+|us\s+|mir\s+|uns\s+)?(?:an?\s+|una?\s+|einen?\s+)?(?:short\s+|corto\s+|kurzen?\s+)?(?:linked ?in[- ]?)?(?:post|beitrag|publicaci[oó]n|text\w*|update|announcement)?[\s:,.]*/i;
const MOST_POINTS = 6;
const MOST_TAGS = 5;

/**
 * A formatted post from the user's own points: hook, points, question, hashtags. It adds no fact; where the request has
 * none it says what to add.
 */
export function composePost(request: string, language: string): string {
  const words = WORDS[phraseLanguage(language)];
  const { topic, points } = parts(request);
  const subject = topic === '' ? (points[0] ?? '…') : topic;
  const opening = words.opening[subject.length % words.opening.length] ?? words.opening[0];
  const hook = opening.replace('{topic}', midSentence(subject)).replace('{Topic}', upperFirst(subject));
  const body =
    points.length === 0
      ? [words.placeholder]
      : points.length === 1
        ? [sentence(points[0] ?? '')]
        : [words.why, '', ...points.slice(0, MOST_POINTS).map((point) => `- ${upperFirst(point)}`)];
  const tags = hashtags(`${topic} ${points.join(' ')}`);
  return [`**${hook}**`, '', ...body, '', words.question, ...(tags.length > 0 ? ['', tags.join(' ')] : [])].join('\n');
}

function parts(request: string): { topic: string; points: string[] } {
  const rest = request.trim().replace(REQUEST, '').replace(VERB_ONLY, '').trim();
  const cut = /:\s+|\n+|(?<=[\p{Ll}\p{N})])[.!]\s+/u.exec(rest);
  const topic = clean(cut === null ? rest : rest.slice(0, cut.index));
  const tail = cut === null ? '' : rest.slice(cut.index + cut[0].length);
  const points = tail
    .split(/\n+|;\s*|(?<=[\p{L}\p{N})%])[.!]\s+|,\s+(?=\S+\s+\S+)/u)
    .map((point) => clean(point.replace(/^\s*(?:[-*•]|\d+[.)])\s*/, '').replace(/^(?:and|y|und)\s+/i, '')))
    .filter((point) => point.length > 1);
  return { topic: topic.slice(0, 200), points };
}

function hashtags(text: string): string[] {
  const counts = new Map<string, { word: string; count: number }>();
  for (const word of text.match(/\p{L}[\p{L}\p{N}]{3,24}/gu) ?? []) {
    if (isStopWord(word)) continue;
    const key = fold(word);
    const known = counts.get(key);
    counts.set(key, { word: known?.word ?? word, count: (known?.count ?? 0) + 1 });
  }
  return [...counts.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_TAGS)
    .map(({ word }) => `#${upperFirst(word)}`);
}

function clean(text: string): string {
  return text
    .trim()
    .replace(/^["“”']+|["“”'.,;:!]+$/g, '')
    .trim();
}

/** A name keeps its capital; another word loses it inside a sentence. */
function midSentence(text: string): string {
  return /^(?:The|A|An|Our|My|Your|How|Why|What|This|El|La|Los|Las|Un|Una|Nuestr\w+|Unser\w*|Mein\w*|Der|Die|Das|Ein\w*)\b/.test(
    text,
  )
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}

function sentence(text: string): string {
  return `${upperFirst(text)}.`;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
