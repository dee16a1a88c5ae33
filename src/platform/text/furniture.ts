/**
 * What stands in the source of a page and says nothing to its readers: the generator's own signs and the page's furniture.
 * Quoted, it would be noise at best. Lines of code keep all but their prompts.
 */

/** `---` with keys between, at the very beginning. */
const FRONT_MATTER = /^\s*---[ \t]*\n(?:[\w-]+:.*\n|[ \t]+\S.*\n|[ \t]*\n)*?---[ \t]*(?:\n|$)/;
/** Directives (`:::note`), alerts (`[!NOTE]`), footnotes' own lines, modules, template tags (`{% tab %}`), link targets. */
const SIGNS =
  /^\s*(?::{3,}.*|>?\s*\[![A-Z]+\]\s*|\[\^[^\]]+\]:.*|(?:import|export)\s.*\bfrom\s+['"].*|\{[%{]<?.*[%>]\}\}?\s*|\[[^\]]+\]:\s+\S+.*|={3,}|-{3,}|\*{3,})\s*$/;
/** Nothing but pictures, each with or without a link: badges, screenshots. */
const PICTURES = /^\s*(?:\[?!\[[^\][]*\]\([^()]*\)(?:\]\([^()]*\))?\s*)+$/;
/** A page's own buttons and notes, each a line of its own; by language. */
const BUTTONS = [
  'edit (?:this page|on github)|skip to (?:main )?content|back to top|on this page|table of contents',
  'editar esta p[áa]gina|volver arriba|en esta p[áa]gina',
  '(?:diese )?seite bearbeiten|nach oben|auf dieser seite|inhaltsverzeichnis',
];
const NOTES = [
  'last updated|was this (?:page|article) helpful',
  '[úu]ltima actualizaci[óo]n|¿te (?:ha sido|result[óo]) [úu]til',
  'zuletzt aktualisiert|war (?:diese seite|dieser artikel) hilfreich',
];
const BUTTON = new RegExp(
  `^[\\s#*\\[>]*(?:(?:${BUTTONS.join('|')})[^\\p{L}(]{0,9}(?:\\([^()]*\\))?[^\\p{L}]{0,9}|(?:${NOTES.join('|')})(?!\\p{L})[^.;]{0,40})$`,
  'iu',
);
const FENCE = /^\s*(`{3,}|~{3,})/;
/** At the beginning of a line of code. */
const PROMPT = /^(\s*)(?:[$%❯] |PS [A-Z]:\\[^>]{0,80}> |[\w.-]{1,32}@[\w.-]{1,64}:[^$#\s]{0,80}[$#] )(?=\S)/;

/** @returns the same Markdown without them */
export function withoutFurniture(markdown: string): string {
  const kept: string[] = [];
  let fence: string | null = null;
  for (const line of withoutComments(markdown.replace(/\r\n?/g, '\n').replace(FRONT_MATTER, '')).split('\n')) {
    const mark = FENCE.exec(line)?.[1] ?? null;
    if (mark !== null && (fence === null || mark.startsWith(fence))) {
      fence = fence === null ? mark : null;
      kept.push(line);
    } else if (fence !== null) {
      kept.push(line.replace(PROMPT, '$1'));
    } else if (isFurniture(line)) {
      // A paragraph on either side stays one of its own.
      kept.push('');
    } else {
      kept.push(withoutSigns(line));
    }
  }
  return kept.join('\n');
}

function isFurniture(line: string): boolean {
  const start = line.slice(0, 500);
  return SIGNS.test(start) || PICTURES.test(start) || (line.length < 160 && BUTTON.test(line));
}

/** Footnote marks, headings' anchors, pictures in the text, components that stand alone. */
function withoutSigns(line: string): string {
  return line
    .replace(/\[\^[^\]\s]{1,40}\]/g, '')
    .replace(/(?<![ \t])[ \t]*\{#[\w-]{1,100}\}[ \t]*$/, '')
    .replace(/!\[[^\][]{0,300}\]\([^()]{0,1000}\)/g, '')
    .replace(/<br\s*\/?>/gi, ' ')
    .replace(/<(?:[A-Z]\w{0,40}|img)\b[^<>]{0,500}\/?>/g, '');
}

/** Without going through the text from each opening that is never closed. */
function withoutComments(text: string): string {
  let out = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('<!--', at);
    const close = open < 0 ? -1 : text.indexOf('-->', open + 4);
    if (close < 0) return out + text.slice(at);
    out += text.slice(at, open);
    at = close + 3;
  }
}
