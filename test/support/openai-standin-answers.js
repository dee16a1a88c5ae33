/**
 * What the stand-in says: text, structured values and vectors computed from the request alone, so that the same request
 * always gets the same answer. No model: word overlap and hashing.
 */

/** @param {unknown} content a message's `content`: a string or an array of parts */
export function textOf(content) {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join('');
}

/** What a prompt asks in the end: behind its last "Question:", or below its last heading with a colon. */
export function questionOf(text) {
  const asked = /[\s\S]*\bQuestion:\s*([\s\S]+)$/.exec(text) ?? /[\s\S]*:\n([\s\S]+)$/.exec(text);
  return (asked?.[1] ?? text).trim();
}

/** Everything before the question. */
export function promptText(body) {
  return (body.messages ?? [])
    .slice(0, -1)
    .map((message) => textOf(message.content))
    .join('\n');
}

/** @param {{messages?: {role: string, content: unknown}[]}} body */
export function lastUserText(body) {
  const messages = body.messages ?? [];
  for (let index = messages.length - 1; index >= 0; index--) {
    if (messages[index].role === 'user') return textOf(messages[index].content);
  }
  return '';
}

/**
 * A sentence that quotes passage [1] when the prompt has numbered passages, else a polite echo.
 * @param {{messages?: {role: string, content: unknown}[]}} body
 */
export function answerText(body) {
  const said = lastUserText(body);
  const question = questionOf(said);
  const passage = firstPassage((body.messages ?? []).map((message) => textOf(message.content)).join('\n\n'));
  if (passage !== null) return `According to the documents, ${bestSentence(passage, question)} [1]`;
  const asked = said.trim().replace(/\s+/g, ' ');
  return `Thank you for your message. You wrote: "${asked.length > 160 ? `${asked.slice(0, 160)}…` : asked}". How can I help you further?`;
}

/** The text behind the first line that starts with `[1]`, up to the next numbered passage. */
function firstPassage(prompt) {
  const start = /(^|\n)\s*\[1\][ \t:]*/.exec(prompt);
  if (start === null) return null;
  const rest = prompt.slice(start.index + start[0].length);
  const end = /\n\s*(\[2\]|<\/|```|Question:)/.exec(rest);
  const passage = (end === null ? rest : rest.slice(0, end.index)).trim();
  return passage === '' ? null : passage;
}

function bestSentence(passage, question) {
  const wanted = new Set(words(question));
  let best = passage;
  let bestScore = -1;
  for (const sentence of passage.split(/(?<=[.!?])\s+|\n+/)) {
    const trimmed = sentence.trim();
    // Too short to quote, the passage's place: "(Returns, page 2)", or the fence around it.
    if (trimmed.length < 12 || /^\(.*\)$/.test(trimmed) || /^<data\b/.test(trimmed)) continue;
    const score = words(trimmed).filter((word) => wanted.has(word)).length;
    if (score > bestScore) [best, bestScore] = [trimmed, score];
  }
  return best.slice(0, 300);
}

export function words(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Pieces as a provider streams them: a word with the space before it. */
export function tokenize(text) {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? (text === '' ? [] : [text]);
}

/**
 * A value that satisfies the schema and is near the question: of an enum the member that the text names, else the one
 * whose line in the prompt has most words in common with the text, else the first.
 * @param {any} schema JSON Schema
 * @param {string} text
 * @param {string} prompt
 * @param {any} [root]
 */
export function sampleValue(schema, text, prompt, root = schema) {
  if (schema === undefined || schema === null || schema === true) return null;
  if (typeof schema.$ref === 'string') {
    const target = schema.$ref
      .split('/')
      .slice(1)
      .reduce((node, key) => node?.[key], root);
    return sampleValue(target, text, prompt, root);
  }
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) {
    return nearestMember(schema.enum, text, prompt);
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options)) return sampleValue(options[0], text, prompt, root);
  if (Array.isArray(schema.allOf))
    return Object.assign({}, ...schema.allOf.map((part) => sampleValue(part, text, prompt, root)));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, value]) => [key, sampleValue(value, text, prompt, root)]),
      );
    case 'array': {
      const one = schema.items?.type === 'object' || schema.items?.$ref !== undefined ? 1 : 0;
      return Array.from({ length: Math.max(schema.minItems ?? 0, one) }, () =>
        sampleValue(schema.items, text, prompt, root),
      );
    }
    case 'string':
      return sampleString(schema, text);
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 0, Math.min(1, schema.maximum ?? 1));
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function nearestMember(members, text, prompt) {
  const said = text.toLowerCase();
  const named = members.find((item) => typeof item === 'string' && said.includes(item.toLowerCase()));
  if (named !== undefined) return named;
  const asked = new Set(words(text).filter((word) => word.length > 3));
  const common = (member) => {
    const lines = prompt.split('\n').filter((line) => words(line).includes(String(member).toLowerCase()));
    // Each once: a longer line is not a nearer one.
    return new Set(words(lines.join(' ')).filter((word) => asked.has(word))).size;
  };
  return members.reduce((best, member) => (common(member) > common(best) ? member : best), members[0]);
}

function sampleString(schema, text) {
  const value = text.trim().slice(0, schema.maxLength ?? 2000);
  return value.length >= (schema.minLength ?? 0) ? value : value.padEnd(schema.minLength, 'x');
}

/**
 * What structured output the request asks for, in any of the three ways callers have.
 * @returns {{name: string, schema: any, how: 'json_schema' | 'tool' | 'text'} | null}
 */
export function structuredRequest(body) {
  if (body.response_format?.type === 'json_schema') {
    const { name, schema } = body.response_format.json_schema ?? {};
    return { name: String(name), schema, how: 'json_schema' };
  }
  const forced = body.tool_choice?.function?.name;
  if (Array.isArray(body.tools) && (typeof forced === 'string' || body.tool_choice === 'required')) {
    const tool = body.tools.find((item) => forced === undefined || item.function?.name === forced);
    if (tool !== undefined) return { name: tool.function.name, schema: tool.function.parameters, how: 'tool' };
  }
  for (const message of body.messages ?? []) {
    const asked = /one JSON value named "([\w-]+)"[\s\S]*?JSON Schema:\s*(\{[\s\S]*\})/.exec(textOf(message.content));
    if (asked === null) continue;
    try {
      return { name: asked[1], schema: JSON.parse(asked[2]), how: 'text' };
    } catch {
      return null;
    }
  }
  return null;
}

/**
 * A unit vector from hashed words and letter trigrams: texts with common words are near each other.
 * @param {string} text
 * @param {number} dimensions
 */
export function hashedVector(text, dimensions) {
  const vector = new Float32Array(dimensions);
  for (const word of words(text)) {
    add(vector, word, 1);
    for (let index = 0; index + 3 <= word.length; index++) add(vector, `#${word.slice(index, index + 3)}`, 0.3);
  }
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) vector[0] = sum = 1;
  const scale = 1 / Math.sqrt(sum);
  for (let index = 0; index < dimensions; index++) vector[index] *= scale;
  return vector;
}

function add(vector, feature, weight) {
  let hash = 2166136261;
  for (let index = 0; index < feature.length; index++) hash = Math.imul(hash ^ feature.charCodeAt(index), 16777619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822519) >>> 0;
  vector[hash % vector.length] += hash & 0x40000000 ? weight : -weight;
}
