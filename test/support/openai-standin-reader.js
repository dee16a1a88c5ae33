/**
 * What the stand-in says when it `reads`: a "model" of word overlap, for measuring what lies around a model. It knows only
 * what stands in the request: of the agents shown the one whose line has most of the message's words, of the passages the
 * sentence that has most of the question's, the sign for "no answer" where they have too few. It understands nothing, so its
 * mistakes are those of word overlap; what is lost beyond them is lost on the way to it or back.
 */
import { lastUserText, promptText, sampleValue, textOf, words } from './openai-standin-answers.js';

/** Shares of a text's words, small words left out: round numbers, fitted to nothing. */
const ENOUGH_FOR_AGENT = 0.15;
const ENOUGH_FOR_ANSWER = 0.4;
/** Letters by which two forms of a word meet: "returned" and "returns". */
const SAME_BEGINNING = 5;

const FUNCTION_WORDS = new Set(
  (
    'a an the and or but of to in on at by for from with as is are was were be been am do does did have has had can could may might must shall should will would i me my you your he him his she her it its we us our they them their this that these those there here what which who whom whose when where why how not no yes if then than so too very just about into up out over under please tell ' +
    'el la los las un una y o de del al en con por para que qué quién cuál cuándo dónde cómo es son está hay mi su se lo me te no sí si cuánto cuánta cuesta puedo ' +
    'der die das den dem des ein eine einen einem einer und oder von zu zum zur im in an am auf bei mit für aus ist sind war wer was wann wo warum wie welche welcher ich mich mir mein meine du sie er es wir ihr man nicht kein keine ja nein kann darf gibt habt hat'
  ).split(/\s+/),
);
const POINTS_BACK =
  /^(?:and|but|also|what about|how about|y|e|pero|und|aber|auch)\b|\b(?:it|its|that|those|these|they|them|ones?|eso|esa|ello|das|dort|dafür|dazu|davon)\b/i;
const GREETING = /^\W*(?:hi|hello|hey|thanks?|thank you|bye|hola|gracias|adiós|hallo|danke|tschüss)\W*$/i;
const PERSON =
  /\b(?:speak|talk|hablar|sprechen)\b.{0,40}\b(?:human|person|someone|persona|alguien|menschen|jemandem)\b/i;

/** Beginnings of the words that carry meaning, each once. */
function stems(text) {
  const said = words(text).filter((word) => word.length > 1 && !FUNCTION_WORDS.has(word));
  return [...new Set(said.map((word) => word.replace(/s$/, '').slice(0, SAME_BEGINNING)))];
}

/** How many of a question's words a text has: 0–1. */
function covered(question, text) {
  const wanted = stems(question);
  const has = new Set(stems(text));
  return wanted.length === 0 ? 0 : wanted.filter((stem) => has.has(stem)).length / wanted.length;
}

function best(items, score) {
  return items.reduce((top, item) => (top === null || score(item) > score(top) ? item : top), null);
}

/** A follow-up with the words of what was asked before. */
function complete(question, earlier) {
  const leans = POINTS_BACK.test(question) || stems(question).length < 2;
  return leans && earlier !== undefined ? `${question} ${earlier}` : question;
}

function lastCustomerLine(text) {
  return [...text.matchAll(/^Customer: (.+)$/gm)].at(-1)?.[1];
}

function languageOf(text) {
  const said = words(text);
  const hits = (list) => said.filter((word) => list.split(' ').includes(word)).length;
  const es = hits('el la los las un una de del que qué es son por para con mi cuánto dónde cómo hay está');
  const de = hits('der die das ein eine ist sind ich und wie was wann wo mit für man kann darf gibt habt zum');
  return es > de ? 'es' : de > 0 ? 'de' : 'en';
}

/** @param {{messages?: {role: string, content: unknown}[]}} body */
export function readStructured(body, { name, schema }) {
  const said = lastUserText(body);
  const prompt = promptText(body);
  switch (name) {
    case 'routing':
      return route(said, prompt, schema);
    case 'search_query':
      return { query: complete(/Question: ([\s\S]*)$/.exec(said)?.[1] ?? said, lastCustomerLine(said)) };
    case 'relevant_passages': {
      const { passages, question } = passagesIn(said);
      return {
        relevant: passages.filter(({ text }) => covered(question, text) >= ENOUGH_FOR_ANSWER).map(({ n }) => n),
      };
    }
    case 'entities':
      return { values: entities(/Message:\n([\s\S]*)$/.exec(said)?.[1] ?? said, prompt) };
    case 'next_tool':
      return nextTool(said, prompt, schema);
    default:
      return sampleValue(schema, said, prompt);
  }
}

function route(said, prompt, schema) {
  const [, talk = '', message = said] = /^([\s\S]*?)Message to route:\n([\s\S]*)$/.exec(said) ?? [];
  const keys = schema.properties.intents.items.properties.agent.enum;
  const lines = new Map([...prompt.matchAll(/^- ([^:\s]+): (.*)$/gm)].map(([, key, line]) => [key, line]));
  const agents = keys.filter((key) => lines.has(key));
  const answer = (rest) => ({
    intents: [],
    language: languageOf(message),
    small_talk: false,
    never_mind: false,
    unclear: false,
    wants_person: false,
    ...rest,
  });
  if (GREETING.test(message)) return answer({ small_talk: true });
  if (PERSON.test(message)) return answer({ wants_person: true });
  const query = complete(message, lastCustomerLine(talk));
  const texts = agents.map((key) => `${key.replaceAll(/[_-]/g, ' ')} ${lines.get(key)}`);
  const scored = agents.map((key, index) => ({ key, score: agentScore(query, texts[index]) }));
  const chosen = best(scored, ({ score }) => score);
  // Documents may answer what no line speaks of; whether they do is seen when they are read.
  const documents = agents.filter((key) => /Documents in /.test(lines.get(key)));
  const fallback = documents.length === 1 ? documents[0] : agents.length === 1 ? agents[0] : undefined;
  const agent = chosen !== null && chosen.score >= ENOUGH_FOR_AGENT ? chosen.key : fallback;
  return agent === undefined ? answer({ unclear: true }) : answer({ intents: [{ agent, text: '', query }] });
}

/** The nearest example and the line as a whole. */
function agentScore(query, line) {
  const examples = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, example]) => example);
  const nearest = Math.max(0, ...examples.map((example) => Math.min(covered(query, example), covered(example, query))));
  return 0.6 * nearest + 0.4 * covered(query, line);
}

function entities(message, prompt) {
  const found = [];
  for (const [, name, json] of prompt.matchAll(/^- (\S+?)(?: \(required\))?: (\{.*\})$/gm)) {
    const value = valueOf(JSON.parse(json), message);
    if (value !== undefined) found.push({ name, value });
  }
  return found;
}

function valueOf(schema, message) {
  const tokens = message.split(/[\s,;!?()"]+/).map((token) => token.replace(/^#|[.:]+$/g, ''));
  if (Array.isArray(schema.enum))
    return schema.enum.find((member) => message.toLowerCase().includes(String(member).toLowerCase()));
  if (typeof schema.pattern === 'string')
    return tokens.find((token) => /\d/.test(token) && new RegExp(schema.pattern, 'u').test(token));
  if (schema.format === 'email') return tokens.find((token) => /^\S+@\S+\.\S+$/.test(token));
  if (schema.format === 'date') return tokens.find((token) => /^\d{4}-\d{2}-\d{2}$/.test(token));
  if (schema.type === 'integer' || schema.type === 'number')
    return tokens.find((token) => /^\d+(?:\.\d+)?$/.test(token));
  return undefined;
}

function nextTool(said, prompt, schema) {
  const keys = schema.properties.tool.enum;
  if (said.includes('Results so far:') && keys.includes('none')) return { tool: 'none' };
  const lines = new Map(
    [...prompt.matchAll(/^- ([^:\s]+): (.*)$/gm)].map(([, key, line]) => [
      key,
      `${key.replaceAll(/[_-]/g, ' ')} ${line}`,
    ]),
  );
  return { tool: best(keys, (key) => covered(said, lines.get(key) ?? '')) };
}

function passagesIn(text) {
  const passages = [...text.matchAll(/^\[(\d+)\][^\n]*\n<data[^>]*>\n([\s\S]*?)\n<\/data>/gm)].map(
    ([whole, n, content]) => ({
      n: Number(n),
      text: whole.replace(/<\/?data[^>]*>/g, ' '),
      content,
    }),
  );
  return { passages, question: /[\s\S]*\nQuestion: ([\s\S]*)$/.exec(text)?.[1] ?? text };
}

/** @param {{messages?: {role: string, content: unknown}[]}} body @returns null: it is asked for something else than an answer from passages */
export function readAnswer(body) {
  const said = lastUserText(body);
  const { passages, question } = passagesIn(said);
  if (passages.length === 0) return null;
  const earlier = (body.messages ?? [])
    .slice(0, -1)
    .filter(({ role }) => role === 'user')
    .at(-1);
  const asked = complete(question, earlier === undefined ? undefined : textOf(earlier.content));
  const sentences = passages.flatMap(({ content, n }) =>
    content
      .split(/(?<=[.!?])\s+|\n+/)
      .map((sentence) => ({ n, sentence: sentence.trim() }))
      .filter(({ sentence }) => sentence.length > 11 && !sentence.startsWith('#')),
  );
  const passage = best(passages, ({ text }) => covered(asked, text));
  if (passage === null || covered(asked, passage.text) < ENOUGH_FOR_ANSWER) return 'NO_ANSWER';
  // What is asked now counts more than what it leans on.
  const worth = ({ sentence }) => 2 * covered(question, sentence) + covered(asked, sentence);
  const [first, second] = sentences.filter(({ n }) => n === passage.n).sort((a, b) => worth(b) - worth(a));
  if (first === undefined) return 'NO_ANSWER';
  return [first, ...(second === undefined ? [] : [second])]
    .map(({ sentence }) => `${sentence.slice(0, 400)} [${passage.n}]`)
    .join('\n\n');
}
