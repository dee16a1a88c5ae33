/**
 * Markdown to blocks. HTML pages and Word documents arrive here as well, turned into Markdown first, so that there is
 * one block structure for all of them.
 */
import MarkdownIt, { type Env, type Token } from 'markdown-it';
import { cleanLine, cleanText } from './clean-text.js';
import type { Block, BodyBlock, ParsedDocument } from './parsed-document.js';

const withHtml = new MarkdownIt({ html: true });
const withoutHtml = new MarkdownIt({ html: false });
const FRONT_MATTER = /^\uFEFF?---[ \t]*\n([\s\S]*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)/;

/**
 * @param source Markdown in any encoding of line ends
 * @param htmlToMarkdown turns HTML blocks within the Markdown into text
 */
export function parseMarkdown(source: string, htmlToMarkdown: (html: string) => string): ParsedDocument {
  const text = cleanText(source);
  const frontMatter = FRONT_MATTER.exec(text);
  const body = frontMatter ? text.slice(frontMatter[0].length) : text;
  const blocks = markdownBlocks(body, htmlToMarkdown);
  return { title: frontMatterTitle(frontMatter?.[1]) ?? firstTitle(blocks), blocks };
}

/** The first heading of the outermost level when it opens the document. */
export function firstTitle(blocks: readonly Block[]): string | null {
  const first = blocks.find((block) => block.kind === 'heading');
  return first?.kind === 'heading' && first.level === 1 ? first.text : null;
}

/** Without `htmlToMarkdown` whatever looks like HTML is text: it was text in the page or document that was converted. */
export function markdownBlocks(source: string, htmlToMarkdown?: (html: string) => string): Block[] {
  const environment: Env = {};
  const tokens = (htmlToMarkdown ? withHtml : withoutHtml).parse(source, environment);
  const lines = source.split('\n');
  const blocks: Block[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token || token.level !== 0 || !token.map) continue;
    const end = closingIndex(tokens, i);
    const raw = lines.slice(token.map[0], token.map[1]).join('\n');
    blocks.push(
      ...blocksOf(token, tokens.slice(i, end + 1), raw, { references: environment.references, htmlToMarkdown }),
    );
    i = end;
  }
  return blocks;
}

interface Surroundings {
  readonly references?: Record<string, { href: string }> | undefined;
  readonly htmlToMarkdown?: ((html: string) => string) | undefined;
}

function blocksOf(opening: Token, tokens: readonly Token[], raw: string, around: Surroundings): Block[] {
  switch (opening.type) {
    case 'heading_open':
      return headingBlock(Number(opening.tag.slice(1)), plainText(tokens[1]));
    case 'fence':
    case 'code_block':
      return bodyBlock('code', raw);
    case 'bullet_list_open':
    case 'ordered_list_open':
      return bodyBlock('list', tidy(raw, tokens, around.references));
    case 'table_open':
      return bodyBlock('table', tidy(raw, tokens, around.references));
    case 'blockquote_open':
      return bodyBlock('paragraph', tidy(raw.replace(/^ {0,3}> ?/gm, ''), tokens, around.references));
    case 'html_block': {
      const text = around.htmlToMarkdown?.(opening.content) ?? '';
      return text.trim() ? markdownBlocks(text) : [];
    }
    case 'paragraph_open':
      return bodyBlock('paragraph', tidy(raw, tokens, around.references));
    default:
      return [];
  }
}

function headingBlock(level: number, text: string): Block[] {
  const clean = cleanLine(text);
  return clean ? [{ kind: 'heading', level, text: clean }] : [];
}

function bodyBlock(kind: BodyBlock['kind'], text: string): Block[] {
  const clean = cleanText(text).replace(/^\n+|\s+$/g, '');
  return clean ? [{ kind, text: clean }] : [];
}

/** Index of the token that closes the one at `start` (itself when it has no closing one). */
function closingIndex(tokens: readonly Token[], start: number): number {
  if (tokens[start]?.nesting !== 1) return start;
  for (let i = start + 1; i < tokens.length; i++) {
    if (tokens[i]?.level === 0 && tokens[i]?.nesting === -1) return i;
  }
  return tokens.length - 1;
}

/** Source of a block without images, inline HTML and addresses that lead nowhere from here. */
function tidy(raw: string, tokens: readonly Token[], references: Surroundings['references']): string {
  let text = raw;
  for (const token of tokens) {
    if (token.type === 'html_block') text = replaceOnce(text, token.content, '');
    for (const child of token.children ?? []) {
      if (child.type === 'html_inline') text = replaceOnce(text, child.content, /^<br/i.test(child.content) ? ' ' : '');
    }
  }
  return text
    .replace(/!\[([^\]\n]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])/g, '$1')
    .replace(/\[([^\]\n]+)\]\[([^\]\n]*)\]/g, (_, label: string, id: string) =>
      link(label, references?.[(id || label).trim().replace(/\s+/g, ' ').toLowerCase().toUpperCase()]?.href ?? ''),
    )
    .replace(
      /(?<!!)\[((?:[^[\]\n]|\[[^[\]\n]*\])+)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)>?(?:\s+["'(][^\n]*?["')])?\s*\)/g,
      (_, label: string, href: string) => link(label, href),
    )
    .replace(/^([ \t]*(?:[-*+]|\d{1,9}[.)]))[ \t]+/gm, '$1 ')
    .replace(/ {2,}$/gm, '');
}

/** Absolute web and mail addresses are kept, everything else (relative paths, anchors, scripts, data) is not. */
function link(label: string, href: string): string {
  return /^(https?:\/\/|mailto:)/i.test(href) && label !== href ? `[${label}](${href})` : label;
}

function replaceOnce(text: string, part: string, replacement: string): string {
  const at = part ? text.indexOf(part) : -1;
  return at < 0 ? text : text.slice(0, at) + replacement + text.slice(at + part.length);
}

function plainText(inline: Token | undefined): string {
  return (inline?.children ?? [])
    .map((child) =>
      child.type === 'text' || child.type === 'code_inline'
        ? child.content
        : child.type === 'image'
          ? child.content
          : child.type.endsWith('break')
            ? ' '
            : '',
    )
    .join('');
}

function frontMatterTitle(frontMatter: string | undefined): string | null {
  const value = /^title:[ \t]*(.+)$/m.exec(frontMatter ?? '')?.[1]?.trim();
  if (!value) return null;
  return cleanLine(value.replace(/^(["'])(.*)\1$/, '$2')) || null;
}
