/** A shorter one could be any word of an answer. */
const SHORTEST = 6;
/** Escapes within escapes: JSON in a string of JSON, in a query. */
const LAYERS = 3;

/** Text with the secrets that it repeats taken out. */
export type Concealer = (text: string) => string;

export interface ConcealOptions {
  /** What stands in their place. */
  readonly mask?: string;
  /** UTF-16 units; whatever is shorter is left, plainly or otherwise written. */
  readonly shortest?: number;
}

/**
 * For what a server says that was sent secrets: it may repeat them ("invalid key sk-…") to whoever reads its answer. They
 * are found plainly, in hex, in base64 of any alignment (`Basic` pairs, tokens), and in all of these also behind the
 * escapes of JSON, URLs and HTML.
 * @param sent the secrets, and what was made of them; empty ones are left out
 */
export function concealing(sent: readonly string[], options: ConcealOptions = {}): Concealer {
  const { mask = '[secret]', shortest = SHORTEST } = options;
  const spellings = spellingsOf(sent, shortest);
  if (spellings.length === 0) return (text) => text;
  return (text) => {
    const found: Range[] = [];
    let layer: Layer | null = { text, original: (range) => range };
    for (let depth = 0; layer !== null && depth <= LAYERS; depth++, layer = unescaped(layer))
      for (const range of rangesOf(layer.text, spellings)) found.push(layer.original(range));
    return replaced(text, found, mask);
  };
}

/** Of UTF-16 units, the end excluded. */
interface Range {
  readonly start: number;
  readonly end: number;
}

interface Layer {
  readonly text: string;
  /** Where in the text of the first layer a range of this one stands. */
  readonly original: (range: Range) => Range;
}

/** The longest first: a shorter one may be a part of it. */
function spellingsOf(sent: readonly string[], shortest: number): string[] {
  const plain = sent.filter((text) => text.length >= Math.max(1, shortest));
  const derived = plain.flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8');
    const hex = bytes.toString('hex');
    const base64 = [bytes.toString('base64'), ...[0, 1, 2].map((before) => innerBase64(bytes, before))];
    const all = base64.flatMap((value) => [value, value.replace(/=+$/, '')]);
    const urls = all.map((value) => value.replaceAll('+', '-').replaceAll('/', '_'));
    return [hex, hex.toUpperCase(), text.replace(/=+$/, ''), ...all, ...urls];
  });
  const all = [...plain, ...derived.filter((text) => text.length >= Math.max(SHORTEST, shortest))];
  return [...new Set(all)].sort((a, b) => b.length - a.length);
}

/** What base64 makes of bytes in the middle of others, as far as it depends on nothing but them. */
function innerBase64(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const end = (before + bytes.length) % 3 === 0 ? text.length : text.replace(/=+$/, '').length - 1;
  return text.slice(before === 0 ? 0 : before + 1, end);
}

function* rangesOf(text: string, spellings: readonly string[]): Generator<Range> {
  for (const spelling of spellings) {
    for (let at = text.indexOf(spelling); at >= 0; at = text.indexOf(spelling, at + spelling.length))
      yield { start: at, end: at + spelling.length };
  }
}

const ESCAPE =
  /\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\([\\/"'bfnrt])|%([0-7][0-9a-f])|((?:%[89a-f][0-9a-f])+)|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos);/gi;
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The layer below, or null when nothing in this one is escaped. */
function unescaped({ original, text }: Layer): Layer | null {
  const escapes: Escape[] = [];
  const parts: string[] = [];
  let [end, length] = [0, 0];
  for (const match of text.matchAll(ESCAPE)) {
    const meant = meaningOf(match);
    parts.push(text.slice(end, match.index), meant);
    const start = length + match.index - end;
    end = match.index + match[0].length;
    length = start + meant.length;
    escapes.push({ here: { start: match.index, end }, below: { start, end: length } });
  }
  if (escapes.length === 0) return null;
  parts.push(text.slice(end));
  return {
    text: parts.join(''),
    original: ({ end: behind, start }) =>
      original({ start: unitOf(escapes, start).start, end: unitOf(escapes, behind - 1).end }),
  };
}

interface Escape {
  /** Where it stands. */
  readonly here: Range;
  /** Where what it means stands in the layer below. */
  readonly below: Range;
}

/** What a place in the layer below is made of: a character, or the whole of an escape. */
function unitOf(escapes: readonly Escape[], place: number): Range {
  let [low, high] = [0, escapes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((escapes[middle]?.below.start ?? Infinity) <= place) low = middle + 1;
    else high = middle;
  }
  const last = escapes[low - 1];
  if (last === undefined) return { start: place, end: place + 1 };
  if (place < last.below.end) return last.here;
  const start = last.here.end + place - last.below.end;
  return { start, end: start + 1 };
}

function meaningOf(match: RegExpMatchArray): string {
  const [whole, unicode, byte, control, ascii, utf8, hex, decimal, entity] = match;
  if (control !== undefined) return CONTROLS[control] ?? control;
  if (entity !== undefined) return ENTITIES[entity.toLowerCase()] ?? whole;
  if (utf8 !== undefined) return Buffer.from(utf8.replaceAll('%', ''), 'hex').toString('utf8');
  const sixteen = unicode ?? byte ?? ascii ?? hex;
  const code = sixteen === undefined ? Number(decimal) : Number.parseInt(sixteen, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

function replaced(text: string, found: readonly Range[], mask: string): string {
  let clean = '';
  let end = 0;
  for (const range of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    // What overlaps is one place.
    if (range.start >= end) clean += text.slice(end, range.start) + mask;
    end = Math.max(end, range.end);
  }
  return clean + text.slice(end);
}
