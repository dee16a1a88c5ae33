/**
 * From positioned runs of characters to blocks. A PDF knows no paragraphs, headings or tables; they are told by the
 * distance between lines, the size and face of the letters and the gaps within a line:
 *
 *   runs -> lines (same base line) -> without running heads and page numbers -> groups -> blocks
 *
 * The order of the file is kept, which is the reading order also for columns in almost every producer's output.
 */
import { cleanLine, cleanText } from './clean-text.js';
import type { Block } from './parsed-document.js';

/** One run as pdf.js gives it; `transform` ends with the x and y of its origin, y growing upwards. */
export interface TextRun {
  readonly str: string;
  readonly width: number;
  readonly height: number;
  readonly transform: readonly number[];
  readonly fontName: string;
  readonly hasEOL: boolean;
}

export interface Line {
  readonly text: string;
  /** The text parted at gaps too wide for a space; one cell for a line of prose. */
  readonly cells: readonly string[];
  readonly x: number;
  readonly y: number;
  /** Size of most of its letters, in points. */
  readonly size: number;
  /** Face of the whole line; null when it mixes faces. */
  readonly font: string | null;
}

export interface PageLines {
  readonly number: number;
  readonly lines: readonly Line[];
  /** In points; 0 when unknown. */
  readonly height: number;
}

const BULLET = /^\s*[•◦▪‣●○■□\uF0B7\uF0A7\u2043\u25AA–-]\s+(?=\S)/;
const NUMBERED = /^\s*\(?(?:\d{1,3}|[a-z])[.)]\s+\S/;
const SECTION_NUMBER = /^\d{1,2}(?:\.\d{1,2})+\.?\s+\p{Lu}/u;
/** How much larger than the text a heading's letters are. */
const HEADING_RATIO = 1.08;
const MAX_HEADING = 160;
const COLUMN_GAP = '\t';

export function toLines(runs: readonly TextRun[]): Line[] {
  const lines: Line[] = [];
  let parts: TextRun[] = [];
  const flush = (): void => {
    const line = lineOf(parts);
    if (line) lines.push(line);
    parts = [];
  };
  for (const run of runs) {
    const previous = parts[parts.length - 1];
    if (previous && startsNewLine(previous, run)) flush();
    if (run.str) parts.push(run);
    if (run.hasEOL) flush();
  }
  flush();
  return lines;
}

function startsNewLine(previous: TextRun, run: TextRun): boolean {
  if (!run.str.trim()) return false;
  return Math.abs(yOf(previous) - yOf(run)) > Math.max(sizeOf(previous), sizeOf(run), 1) * 0.6;
}

function lineOf(runs: readonly TextRun[]): Line | null {
  const visible = runs.filter((run) => run.str.trim());
  const first = visible[0];
  if (!first) return null;
  const cells = joined(runs)
    .split(COLUMN_GAP)
    .map((cell) =>
      cleanLine(cell)
        .replace(/[\uE000-\uEFFF\uF100-\uF8FF]/g, '')
        .replace(/(?:\s?\.){4,}/g, ' …'),
    )
    .filter(Boolean);
  if (cells.length === 0) return null;
  const sizes = new Map<number, number>();
  for (const run of visible) add(sizes, Math.round(sizeOf(run) * 2) / 2, run.str.length);
  const font = visible.every((run) => run.fontName === first.fontName) ? first.fontName : null;
  return {
    text: cells.join(' '),
    cells,
    x: first.transform[4] ?? 0,
    y: yOf(first),
    size: mostCommon(sizes) ?? 0,
    font,
  };
}

function joined(runs: readonly TextRun[]): string {
  let text = '';
  let end = Number.NaN;
  for (const run of runs) {
    if (!run.str.trim()) continue;
    const x = run.transform[4] ?? 0;
    const gap = (x - end) / Math.max(sizeOf(run), 1);
    if (gap > 1.2) text += COLUMN_GAP;
    else if (gap > 0.17 && !text.endsWith(' ')) text += ' ';
    text += run.str.replaceAll(COLUMN_GAP, ' ');
    end = x + run.width;
  }
  return text;
}

function sizeOf(run: TextRun): number {
  return run.height || Math.hypot(run.transform[2] ?? 0, run.transform[3] ?? 0);
}

function yOf(run: TextRun): number {
  return run.transform[5] ?? 0;
}

function add<K>(counts: Map<K, number>, key: K, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

function mostCommon<K>(counts: ReadonlyMap<K, number>): K | undefined {
  let best: K | undefined;
  let bestCount = -1;
  for (const [value, count] of counts) if (count > bestCount) [best, bestCount] = [value, count];
  return best;
}

/** What most of the document is set in. */
interface BodyStyle {
  readonly size: number;
  readonly font: string | null;
}

interface Group {
  readonly page: number;
  readonly lines: readonly Line[];
  readonly text: string;
}

/** Blocks of the whole document, each with the page it starts on. */
export function layOut(pages: readonly PageLines[]): Block[] {
  const kept = withoutRunningHeads(pages);
  const body = bodyStyle(kept);
  const groups = kept.flatMap((page) =>
    groupsOf(page.lines, body).map((lines): Group => ({
      page: page.number,
      lines,
      text: cleanText(joinLines(lines)).trim(),
    })),
  );
  const levelBySize = headingLevels(groups, body);
  const blocks: Block[] = [];
  for (const group of groups) appendGroup(blocks, group, levelBySize, body);
  return blocks;
}

function bodyStyle(pages: readonly PageLines[]): BodyStyle {
  const sizes = new Map<number, number>();
  const fonts = new Map<string | null, number>();
  for (const page of pages) {
    for (const line of page.lines) {
      add(sizes, line.size, line.text.length);
      if (line.font) add(fonts, line.font, line.text.length);
    }
  }
  return { size: mostCommon(sizes) ?? 0, font: mostCommon(fonts) ?? null };
}

/** Lines that stand at the same height on many pages, numbers aside: heads, feet and page numbers. */
function withoutRunningHeads(pages: readonly PageLines[]): PageLines[] {
  if (pages.length < 3) return [...pages];
  const seen = new Map<string, number>();
  for (const page of pages) for (const key of new Set(edgeLines(page).map(headKey))) add(seen, key, 1);
  const needed = Math.max(3, pages.length * 0.4);
  const kept = pages.map((page) => {
    const running = new Set(edgeLines(page).filter((line) => (seen.get(headKey(line)) ?? 0) >= needed));
    return { ...page, lines: page.lines.filter((line) => !running.has(line)) };
  });
  // Pages of one line each, all alike (labels, certificates): what would be left out is the document.
  return kept.some(({ lines }) => lines.length > 0) ? kept : [...pages];
}

function headKey(line: Line): string {
  return `${Math.round(line.y / 6)} ${line.text.replace(/\d+|\b[ivxlc]+\b/g, '#')}`;
}

function edgeLines(page: PageLines): Line[] {
  let top = -Infinity;
  let bottom = Infinity;
  for (const { y } of page.lines) [top, bottom] = [Math.max(top, y), Math.min(bottom, y)];
  const margin = (page.height || top - bottom) * 0.05;
  return page.lines.filter((line) => line.y > top - margin || line.y < bottom + margin);
}

/** Runs of lines that belong together: one face and size, line after line at the paragraph's own pitch. */
function groupsOf(lines: readonly Line[], body: BodyStyle): Line[][] {
  const result: Line[][] = [];
  let current: Line[] = [];
  for (const line of lines) {
    if (current.length > 0 && breaksBefore(line, current, body)) {
      result.push(current);
      current = [];
    }
    current.push(line);
  }
  if (current.length > 0) result.push(current);
  return result;
}

function breaksBefore(line: Line, current: readonly Line[], body: BodyStyle): boolean {
  const previous = current[current.length - 1];
  const before = current[current.length - 2];
  if (!previous) return false;
  const inTable = previous.cells.length > 1 && line.cells.length > 1;
  const gap = previous.y - line.y;
  if (inTable) return gap < -1 || gap > line.size * 4;
  if (isItem(line.text) || SECTION_NUMBER.test(line.text)) return true;
  if (Math.abs(previous.size - line.size) > Math.max(0.6, line.size * 0.06)) return true;
  if (isOtherFace(previous, body) !== isOtherFace(line, body) && !goesOn(previous, line)) return true;
  // Upwards, or far down: a new column or part of the page. A sentence that is still open goes on there.
  if (gap < -1 || gap > line.size * 4) return !goesOn(previous, line);
  if (previous.cells.length > 1 || (line.cells.length > 1 && current.length > 1)) return !goesOn(previous, line);
  if (gap > line.size * 1.75) return true;
  const pitch = before ? before.y - previous.y : 0;
  if (pitch > 0 && gap > pitch * 1.25 && gap > line.size * 1.3) return true;
  const indented = before !== undefined && line.x - previous.x > line.size * 0.8 && Math.abs(before.x - previous.x) < 1;
  return indented && /[.!?:;”"’)]$/.test(previous.text) && !isItem(current[0]?.text ?? '');
}

function isItem(text: string): boolean {
  return BULLET.test(text) || NUMBERED.test(text);
}

function isOtherFace(line: Line, body: BodyStyle): boolean {
  return line.font !== null && line.font !== body.font;
}

function goesOn(previous: Line, line: Line): boolean {
  return /[\p{L},\-–]$/u.test(previous.text) && /^\p{Ll}/u.test(line.text);
}

/** Sizes that headings are set in, the largest first: their rank is the heading's level. */
function headingLevels(groups: readonly Group[], body: BodyStyle): Map<number, number> {
  const sizes = new Set(groups.filter((group) => isHeading(group, body)).map((group) => headingSize(group, body)));
  return new Map([...sizes].sort((a, b) => b - a).map((size, rank) => [size, Math.min(rank + 1, 6)]));
}

/** Headings in the text's own size (told by their face or number) rank below all larger ones. */
function headingSize(group: Group, body: BodyStyle): number {
  const size = group.lines[0]?.size ?? 0;
  return size >= body.size * HEADING_RATIO ? size : body.size;
}

function isHeading({ lines, text }: Group, body: BodyStyle): boolean {
  const [first] = lines;
  if (!first || text.length > MAX_HEADING || lines.length > 3 || !/\p{L}{2}/u.test(text)) return false;
  if (lines.some((line) => line.cells.length > 2) || / … \d/.test(text)) return false;
  if (first.size >= body.size * HEADING_RATIO) return true;
  if (first.size < body.size * 0.97 || lines.length > 2 || text.length > 100 || /[.,;:!]$/.test(text)) return false;
  if (SECTION_NUMBER.test(text)) return true;
  return (
    body.font !== null &&
    lines.every((line) => isOtherFace(line, body)) &&
    /^(?:\d{1,2}\.?\s+)?[\p{Lu}\p{Lo}]/u.test(text) &&
    !/[()=]/.test(text)
  );
}

function appendGroup(blocks: Block[], group: Group, levelBySize: ReadonlyMap<number, number>, body: BodyStyle): void {
  const { page, text, lines } = group;
  if (!/[\p{L}\p{N}]/u.test(text)) return;
  if (isHeading(group, body)) {
    blocks.push({
      kind: 'heading',
      level: levelBySize.get(headingSize(group, body)) ?? 6,
      text: cleanLine(text),
      page,
    });
    return;
  }
  if (lines.length > 1 && lines.every((line) => line.cells.length > 1)) {
    blocks.push({ kind: 'table', text: tableText(lines), page });
    return;
  }
  const last = blocks[blocks.length - 1];
  if (isItem(text)) {
    const item = text.replace(BULLET, '- ');
    if (last?.kind === 'list' && last.page === page)
      blocks[blocks.length - 1] = { ...last, text: `${last.text}\n${item}` };
    else blocks.push({ kind: 'list', text: item, page });
    return;
  }
  const openSentence =
    last?.kind === 'paragraph' && last.page !== page && /[\p{L},-]$/u.test(last.text) && /^\p{Ll}/u.test(text);
  if (openSentence) blocks[blocks.length - 1] = { ...last, text: joinTwo(last.text, text) };
  else blocks.push({ kind: 'paragraph', text, page });
}

function tableText(lines: readonly Line[]): string {
  const width = Math.max(...lines.map((line) => line.cells.length));
  const rows = lines.map(
    (line) =>
      `| ${Array.from({ length: width }, (_, column) => line.cells[column]?.replaceAll('|', '\\|') ?? '').join(' | ')} |`,
  );
  return [rows[0], `|${' --- |'.repeat(width)}`, ...rows.slice(1)].join('\n');
}

function joinLines(lines: readonly Line[]): string {
  return lines.reduce((text, line) => (text ? joinTwo(text, line.text) : line.text), '');
}

/**
 * A hyphen at a line's end before a small letter parted a word, unless the word already had one; scripts without
 * spaces between words are joined without one.
 */
function joinTwo(text: string, next: string): string {
  if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(next)) {
    return (/\p{L}-\p{L}+-$/u.test(text.slice(-40)) ? text : text.slice(0, -1)) + next;
  }
  const spaceless = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}、。]$/u.test(text.slice(-1));
  return spaceless && /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(next)
    ? text + next
    : `${text} ${next}`;
}
