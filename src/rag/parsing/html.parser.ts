/**
 * HTML to Markdown to blocks. Scripts, styles, navigation, forms and whatever the page hides are dropped before
 * anything looks at the text; nothing is ever loaded from an address that the page names.
 */
import sanitizeHtml from 'sanitize-html';
import TurndownService from 'turndown';
import { cleanLine, cleanText } from './clean-text.js';
import { markdownBlocks } from './markdown.parser.js';
import type { ParsedDocument } from './parsed-document.js';

/** What the rules below need of Turndown's nodes (the program is compiled without the browser's types). */
interface TreeNode {
  readonly nodeName: string;
  readonly parentNode: TreeNode | null;
}

/** Stand between rows and cells while a table is assembled; the text was cleaned of control characters before. */
const ROW = '\u0001';
const CELL = '\u0002';

const ALLOWED_TAGS =
  'h1 h2 h3 h4 h5 h6 p div section article main header hgroup address ul ol li dl dt dd table ' +
  'caption thead tbody tfoot tr th td blockquote pre code samp kbd figure figcaption details ' +
  'summary br hr strong b em i a span q cite sub sup time abbr mark aside';
const DROPPED_WITH_CONTENT =
  'script style noscript template title nav footer svg math iframe object embed audio video canvas ' +
  'map form button select option textarea datalist dialog';

/** @param html decoded page or fragment */
export function parseHtml(html: string): ParsedDocument {
  const blocks = markdownBlocks(htmlToMarkdown(html));
  const heading = blocks.find((block) => block.kind === 'heading' && block.level === 1);
  return { title: pageTitle(html) ?? heading?.text ?? null, blocks };
}

export function htmlToMarkdown(html: string): string {
  return cleanText(converter.turndown(sanitize(cleanText(html))));
}

function sanitize(html: string): string {
  return sanitizeHtml(html, {
    allowedTags: ALLOWED_TAGS.split(' '),
    allowedAttributes: { a: ['href'], code: ['class'] },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowProtocolRelative: false,
    nonTextTags: DROPPED_WITH_CONTENT.split(' '),
    nestingLimit: 200,
    exclusiveFilter: (frame) => isHidden(frame.attribs),
  });
}

function isHidden(attributes: Readonly<Record<string, string>>): boolean {
  return (
    'hidden' in attributes ||
    attributes['aria-hidden'] === 'true' ||
    attributes['role'] === 'navigation' ||
    /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])/i.test(
      attributes['style'] ?? '',
    )
  );
}

const converter = createConverter();

function createConverter(): TurndownService {
  const service = new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    hr: '---',
  });
  // Stored text is read by people and models and searched for words: backslashes before punctuation only get in the way.
  service.escape = (text: string): string => text.replace(/^(#{1,6}\s|```|~~~)/gm, '\\$1');
  service.addRule('cell', {
    filter: ['td', 'th'],
    replacement: (content) => CELL + cleanLine(stripMarks(content)).replaceAll('|', '\\|'),
  });
  service.addRule('row', { filter: 'tr', replacement: (content) => ROW + content });
  service.addRule('rows', { filter: ['thead', 'tbody', 'tfoot'], replacement: (content) => content });
  service.addRule('caption', { filter: 'caption', replacement: (content) => `\n\n${content.trim()}\n\n` });
  service.addRule('table', {
    filter: 'table',
    replacement: (content, node) => tableMarkdown(content, asTreeNode(node)),
  });
  return service;
}

function asTreeNode(node: unknown): TreeNode {
  return node as TreeNode;
}

function tableMarkdown(content: string, table: TreeNode): string {
  const [before = '', ...rows] = content.split(ROW);
  const grid = rows
    .map((row) =>
      row
        .split(CELL)
        .slice(1)
        .map((cell) => cell.trim()),
    )
    .filter((row) => row.some(Boolean));
  const width = Math.max(0, ...grid.map((row) => row.length));
  const intro = before.trim() ? `\n\n${before.trim()}` : '';
  if (isNested(table)) return ` ${grid.map((row) => row.filter(Boolean).join(', ')).join('; ')} `;
  if (width <= 1) return `${intro}\n\n${grid.map((row) => row[0] ?? '').join('\n\n')}\n\n`;
  const [header = [], ...body] = grid.map((row) => line(row, width));
  return `${intro}\n\n${[header, `|${' --- |'.repeat(width)}`, ...body].join('\n')}\n\n`;
}

function line(cells: readonly string[], width: number): string {
  return `| ${Array.from({ length: width }, (_, column) => cells[column] ?? '').join(' | ')} |`;
}

function isNested(table: TreeNode): boolean {
  for (let node = table.parentNode; node; node = node.parentNode) {
    if (node.nodeName === 'TD' || node.nodeName === 'TH') return true;
  }
  return false;
}

function stripMarks(text: string): string {
  return text.replaceAll(ROW, ' ').replaceAll(CELL, ' ');
}

function pageTitle(html: string): string | null {
  const raw = /<title[^>]{0,300}>([^<]{1,1000})<\/title/i.exec(html.slice(0, 256 * 1024))?.[1];
  if (!raw) return null;
  return (
    cleanLine(
      sanitizeHtml(raw, { allowedTags: [] }).replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>'),
    ) || null
  );
}
