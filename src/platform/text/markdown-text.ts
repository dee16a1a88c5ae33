/**
 * Makes a value safe to stand in a Markdown sentence: what a tool or a document says is data, so it may neither start a
 * link, an image, HTML, emphasis nor a new block. Characters that mean nothing inside a word stay as they are.
 */
export function escapeMarkdown(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return (
    text
      // By whole runs: a pattern that looks for the line end inside would go through a long run from each place in it.
      .replace(/\s+/g, (run) => (/[\r\n]/.test(run) ? ' ' : run))
      .replace(/[\\`*[\]<>|]/g, '\\$&')
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      .replace(/^(\s*)([#+-]|\d{1,9}[.)])(?=\s)/, '$1\\$2')
  );
}

/** Markdown as plain text: for quotes, scoring and history digests. In time linear to its length, whatever stands there. */
export function plainText(markdown: string): string {
  return withoutQuoting(unlinked(unlinked(markdown, '!['), '[').replace(/^\s{0,3}#{1,6}\s+/gm, ''))
    .replace(/(\*\*|__)(.+?)\1/g, '$2')
    .replace(/(?<![\p{L}\p{N}*])\*([^*\n]+)\*(?![\p{L}\p{N}*])/gu, '$1')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/[ \t]+/g, ' ')
    .trim();
}

/**
 * The words of links and pictures: "[words](address)" from the first opening before the words. A pattern would look for
 * the end from each opening anew.
 */
function unlinked(text: string, opening: '[' | '!['): string {
  let out = '';
  let done = 0;
  let from = 0;
  for (;;) {
    const open = text.indexOf(opening, from);
    const close = open < 0 ? -1 : text.indexOf(']', open + opening.length);
    if (close < 0) break;
    // No other opening before this end has another end.
    from = close + 1;
    if (text[close + 1] !== '(') continue;
    const end = text.indexOf(')', close + 2);
    if (end < 0) break;
    out += text.slice(done, open) + text.slice(open + opening.length, close);
    done = from = end + 1;
  }
  return out + text.slice(done);
}

/** A run of white space with the sign behind it, once from its beginning and not from each place in it. */
const QUOTING = /(?:(?<!\s)|(?<=>\s))(\s*)>\s?/g;
const LINE_END = /[\n\r\u2028\u2029]/;

/** Signs of quotation at the beginning of lines, with the white space (and the blank lines) before them. */
function withoutQuoting(text: string): string {
  return text.replace(QUOTING, (sign: string, space: string, at: number) => {
    if (at === 0 || LINE_END.test(text.charAt(at - 1))) return '';
    const line = space.search(LINE_END);
    return line < 0 ? sign : space.slice(0, line + 1);
  });
}
