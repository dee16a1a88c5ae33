/**
 * The part of Markdown that answers use, read into a small tree while they stream. The page renders the tree as
 * elements, so nothing that a model writes is ever parsed as HTML. The stored message comes with the server's own
 * rendering, which then takes over.
 */
export type Inline =
  | { type: 'text'; text: string }
  | { type: 'strong' | 'em'; children: Inline[] }
  /** Put there by `markQuote`. */
  | { type: 'mark'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'link'; href: string; children: Inline[] }
  | { type: 'cite'; n: number };

export type Block =
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'heading'; level: number; children: Inline[] }
  | { type: 'list'; ordered: boolean; start: number; items: Inline[][] }
  | { type: 'quote'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { type: 'rule' };

const FENCE = /^\s*(```|~~~)/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^>\s?(.*)$/;
const RULE = /^\s*(?:-{3,}|\*{3,}|_{3,})\s*$/;
const TABLE_LINE = /^\s*\|.*\|\s*$/;
const TABLE_RULE = /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/;

export function parseMarkdown(text: string): Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let index = 0;
  const line = () => lines[index] ?? '';
  const takeWhile = (matches: (line: string) => boolean) => {
    const taken: string[] = [];
    while (index < lines.length && matches(line())) {
      taken.push(line());
      index += 1;
    }
    return taken;
  };

  while (index < lines.length) {
    if (line().trim() === '') {
      index += 1;
    } else if (FENCE.test(line())) {
      index += 1;
      blocks.push({ type: 'code', text: takeWhile((next) => !FENCE.test(next)).join('\n') });
      index += 1;
    } else if (RULE.test(line())) {
      index += 1;
      blocks.push({ type: 'rule' });
    } else if (HEADING.test(line())) {
      const [, marks = '#', title = ''] = HEADING.exec(line()) ?? [];
      index += 1;
      blocks.push({ type: 'heading', level: marks.length, children: parseInline(title) });
    } else if (QUOTE.test(line())) {
      const quoted = takeWhile((next) => QUOTE.test(next)).map((next) => QUOTE.exec(next)?.[1] ?? '');
      blocks.push({ type: 'quote', children: parseInline(quoted.join('\n')) });
    } else if (TABLE_LINE.test(line()) && TABLE_RULE.test(lines[index + 1] ?? '')) {
      const [head = '', , ...rows] = takeWhile((next) => TABLE_LINE.test(next));
      blocks.push({ type: 'table', head: cells(head), rows: rows.map(cells) });
    } else if (ITEM.test(line())) {
      blocks.push(listOf(takeWhile((next) => ITEM.test(next) || /^\s{2,}\S/.test(next))));
    } else {
      blocks.push({ type: 'paragraph', children: parseInline(takeWhile(isParagraphLine).join('\n')) });
    }
  }
  return blocks;
}

function isParagraphLine(line: string): boolean {
  return line.trim() !== '' && ![FENCE, HEADING, ITEM, QUOTE, RULE].some((start) => start.test(line));
}

function listOf(lines: string[]): Block {
  const first = ITEM.exec(lines[0] ?? '');
  const items: string[] = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? '');
    else items.push(`${items.pop() ?? ''}\n${line.trim()}`);
  }
  return {
    type: 'list',
    ordered: first?.[1] !== undefined,
    start: Number(first?.[1] ?? 1),
    items: items.map(parseInline),
  };
}

function cells(line: string): Inline[][] {
  return line
    .trim()
    .slice(1, -1)
    .split('|')
    .map((cell) => parseInline(cell.trim()));
}

const INLINE = new RegExp(
  [
    '`([^`\\n]+)`',
    '\\*\\*([^*]+)\\*\\*',
    '__([^_]+)__',
    '\\*([^*\\s][^*\\n]*)\\*',
    '(?<![\\w])_([^_\\s][^_\\n]*)_(?![\\w])',
    '!?\\[([^\\]\\n]*)\\]\\(([^()\\s]*)\\)',
    '\\[(\\d{1,3})\\]',
    '(https?://[^\\s<>()\\[\\]"]*[^\\s<>()\\[\\]".,;:!?\'])',
  ].join('|'),
  'g',
);

export function parseInline(text: string): Inline[] {
  const inlines: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) inlines.push({ type: 'text', text: text.slice(end, match.index) });
    inlines.push(inlineOf(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) inlines.push({ type: 'text', text: text.slice(end) });
  return inlines;
}

function inlineOf(match: RegExpMatchArray): Inline {
  const [all, code, stars, lines, star, underline, label, href, cite, url] = match;
  if (code !== undefined) return { type: 'code', text: code };
  const strong = stars ?? lines;
  if (strong !== undefined) return { type: 'strong', children: parseInline(strong) };
  const em = star ?? underline;
  if (em !== undefined) return { type: 'em', children: parseInline(em) };
  if (cite !== undefined) return { type: 'cite', n: Number(cite) };
  if (url !== undefined) return { type: 'link', href: url, children: [{ type: 'text', text: url }] };
  const safe = safeHref(href ?? '');
  const children: Inline[] = [{ type: 'text', text: label || (href ?? all) }];
  return safe ? { type: 'link', href: safe, children } : { type: 'strong', children };
}

/** The address if it is one that a person may be sent to; null for scripts, data and the like. */
export function safeHref(href: string): string | null {
  const trimmed = href.trim();
  if (/^(?:https?:\/\/|mailto:)/i.test(trimmed)) return trimmed;
  return /^\/(?![/\\])/.test(trimmed) ? trimmed : null;
}

/** The same without paths, for answers that stand on somebody else's page: there they would lead to that page's site. */
export function absoluteHref(href: string): string | null {
  const safe = safeHref(href);
  return safe?.startsWith('/') ? null : safe;
}
