/**
 * Text that other people and models wrote, as elements. Nothing is ever assigned to `innerHTML`: Markdown comes as a
 * tree, and the server's HTML, sanitised there, is read by an inert parser and rebuilt from a list of allowed tags.
 */
import { createElement, Fragment, type ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import {
  type Block,
  type BlockContext,
  type BlockLabels,
  citeMark,
  link,
  parseMarkdown,
  renderBlock,
  scrollable,
  scrolledCode,
} from '../../answers/index.js';
import type { Citation } from '../../sdk/index.js';

export interface CitationContext {
  citations: Citation[];
  onCite(citation: Citation): void;
}

const LABELS: BlockLabels = {
  code: 'Code',
  table: 'Table',
  source: (n, title) => `Source ${n}: ${title ?? 'document'}`,
};

interface MarkdownProps extends CitationContext {
  text: string;
}

export function Markdown({ text, ...cited }: MarkdownProps) {
  const context = { ...cited, labels: LABELS };
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return <div class="prose streamed">{blocks.map((block, index) => renderBlock(block, index, context))}</div>;
}

/** Text that is read already, without sources to open. */
export function Blocks({ blocks }: { blocks: Block[] }) {
  return <div class="prose">{blocks.map((block, index) => renderBlock(block, index, NOTHING_CITED))}</div>;
}

const NOTHING_CITED: BlockContext<Citation> = { citations: [], onCite: () => undefined, labels: LABELS };

interface SanitisedHtmlProps extends CitationContext {
  /** `content_html` of a stored message. */
  html: string;
}

export function SanitisedHtml({ html, citations, onCite }: SanitisedHtmlProps) {
  const nodes = useMemo(() => {
    const body = new DOMParser().parseFromString(html, 'text/html').body;
    return renderNodes(body, { citations, onCite, labels: LABELS });
  }, [html, citations]);
  return <div class="prose">{nodes}</div>;
}

const ALLOWED = new Set(
  'p br hr em strong b i s del u code pre blockquote ul ol li a h1 h2 h3 h4 h5 h6 table thead tbody tr th td span div sup sub dl dt dd'.split(
    ' ',
  ),
);
/** Each runs in the direction of its own words. */
const DIRECTED = new Set('p blockquote ul ol h1 h2 h3 h4 h5 h6 table'.split(' '));
/** Their text is no text to read. */
const DROPPED = new Set([
  'script',
  'style',
  'template',
  'iframe',
  'object',
  'noscript',
  'svg',
  'math',
  'textarea',
  'title',
]);

function renderNodes(parent: Node, context: BlockContext<Citation>): ComponentChildren[] {
  return [...parent.childNodes].map((node, index) => renderNode(node, index, context));
}

function renderNode(node: Node, key: number, context: BlockContext<Citation>): ComponentChildren {
  if (node.nodeType === Node.TEXT_NODE) {
    const isCode = node.parentElement?.closest('code, pre, a') !== null;
    return isCode ? node.textContent : withCitations(node.textContent ?? '', key, context);
  }
  if (!(node instanceof Element)) return null;
  const tag = node.tagName.toLowerCase();
  if (DROPPED.has(tag)) return null;
  if (!ALLOWED.has(tag)) return <Fragment key={key}>{renderNodes(node, context)}</Fragment>;
  if (tag === 'a') return link(node.getAttribute('href') ?? '', renderNodes(node, context), key);
  if (tag === 'br' || tag === 'hr') return createElement(tag, { key });
  const start = tag === 'ol' ? node.getAttribute('start') : null;
  const element = createElement(
    tag,
    {
      key,
      ...(start ? { start: Number(start) } : {}),
      ...(tag === 'pre' ? scrolledCode(context.labels.code) : {}),
      ...(DIRECTED.has(tag) ? { dir: 'auto' } : {}),
    },
    ...renderNodes(node, context),
  );
  return tag === 'table' ? scrollable(element, key, context.labels.table) : element;
}

function withCitations(text: string, key: number, context: BlockContext<Citation>): ComponentChildren {
  if (!/\[\d{1,3}\]/.test(text)) return text;
  const parts = text.split(/\[(\d{1,3})\]/);
  return (
    <Fragment key={key}>
      {parts.map((part, index) => (index % 2 === 0 ? part : citeMark(Number(part), `${key}-${index}`, context)))}
    </Fragment>
  );
}
