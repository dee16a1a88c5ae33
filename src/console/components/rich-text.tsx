/**
 * Text that other people and models wrote, as elements. Nothing is ever assigned to `innerHTML`: Markdown comes as a
 * tree, and the server's HTML, sanitised there, is read by an inert parser and rebuilt from a list of allowed tags.
 */
import { createElement, Fragment, type ComponentChildren, type VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { parseMarkdown, safeHref, type Block, type Inline } from '../markdown.js';
import type { Citation } from '../../sdk/index.js';

export interface CitationContext {
  citations: Citation[];
  onCite(citation: Citation): void;
}

interface MarkdownProps extends CitationContext {
  text: string;
}

export function Markdown({ text, ...context }: MarkdownProps) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return <div class="prose streamed">{blocks.map((block, index) => renderBlock(block, index, context))}</div>;
}

/** Text that is read already, without sources to open. */
export function Blocks({ blocks }: { blocks: Block[] }) {
  return <div class="prose">{blocks.map((block, index) => renderBlock(block, index, NOTHING_CITED))}</div>;
}

const NOTHING_CITED: CitationContext = { citations: [], onCite: () => undefined };

interface SanitisedHtmlProps extends CitationContext {
  /** `content_html` of a stored message. */
  html: string;
}

export function SanitisedHtml({ html, citations, onCite }: SanitisedHtmlProps) {
  const nodes = useMemo(() => {
    const body = new DOMParser().parseFromString(html, 'text/html').body;
    return renderNodes(body, { citations, onCite });
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
/** Wide code scrolls; the keyboard can scroll it too. */
const SCROLLED_CODE = { tabIndex: 0, role: 'group', 'aria-label': 'Code', dir: 'ltr' } as const;
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

function renderNodes(parent: Node, context: CitationContext): ComponentChildren[] {
  return [...parent.childNodes].map((node, index) => renderNode(node, index, context));
}

function renderNode(node: Node, key: number, context: CitationContext): ComponentChildren {
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
      ...(tag === 'pre' ? SCROLLED_CODE : {}),
      ...(DIRECTED.has(tag) ? { dir: 'auto' } : {}),
    },
    ...renderNodes(node, context),
  );
  return tag === 'table' ? scrollable(element, key) : element;
}

function withCitations(text: string, key: number, context: CitationContext): ComponentChildren {
  if (!/\[\d{1,3}\]/.test(text)) return text;
  const parts = text.split(/\[(\d{1,3})\]/);
  return (
    <Fragment key={key}>
      {parts.map((part, index) => (index % 2 === 0 ? part : citeMark(Number(part), `${key}-${index}`, context)))}
    </Fragment>
  );
}

function renderBlock(block: Block, key: number, context: CitationContext): VNode {
  const inline = (children: Inline[]) => children.map((child, index) => renderInline(child, index, context));
  switch (block.type) {
    case 'paragraph':
      return (
        <p key={key} dir="auto">
          {inline(block.children)}
        </p>
      );
    case 'heading':
      return createElement(`h${Math.min(6, block.level + 2)}`, { key, dir: 'auto' }, inline(block.children));
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{inline(item)}</li>);
      return block.ordered ? (
        <ol key={key} start={block.start} dir="auto">
          {items}
        </ol>
      ) : (
        <ul key={key} dir="auto">
          {items}
        </ul>
      );
    }
    case 'quote':
      return (
        <blockquote key={key} dir="auto">
          {inline(block.children)}
        </blockquote>
      );
    case 'code':
      return (
        <pre key={key} {...SCROLLED_CODE}>
          <code>{block.text}</code>
        </pre>
      );
    case 'table':
      return scrollable(
        <table dir="auto">
          <thead>
            <tr>
              {block.head.map((cell, index) => (
                <th key={index}>{inline(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column}>{inline(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>,
        key,
      );
    case 'rule':
      return <hr key={key} />;
  }
}

function renderInline(inline: Inline, key: number, context: CitationContext): ComponentChildren {
  switch (inline.type) {
    case 'text':
      return inline.text;
    case 'strong':
      return <strong key={key}>{inline.children.map((child, index) => renderInline(child, index, context))}</strong>;
    case 'em':
      return <em key={key}>{inline.children.map((child, index) => renderInline(child, index, context))}</em>;
    case 'mark':
      return <mark key={key}>{inline.children.map((child, index) => renderInline(child, index, context))}</mark>;
    case 'code':
      return <code key={key}>{inline.text}</code>;
    case 'link':
      return link(
        inline.href,
        inline.children.map((child, index) => renderInline(child, index, context)),
        key,
      );
    case 'cite':
      return citeMark(inline.n, String(key), context);
  }
}

function link(href: string, children: ComponentChildren[], key: number): VNode {
  const safe = safeHref(href);
  if (!safe) return <Fragment key={key}>{children}</Fragment>;
  return (
    <a key={key} href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

/** A wide table scrolls on its own instead of widening the page; focusable, so that the keyboard can scroll it. */
function scrollable(table: VNode, key: number): VNode {
  return (
    <div key={key} class="table-scroll" tabIndex={0} role="group" aria-label="Table">
      {table}
    </div>
  );
}

/** `[2]` is a button once its source is known; while the answer streams it is only a mark. */
function citeMark(n: number, key: string, { citations, onCite }: CitationContext): VNode {
  const citation = citations.find((candidate) => candidate.n === n);
  if (!citation) return <Fragment key={key}>{`[${n}]`}</Fragment>;
  return (
    <button
      key={key}
      type="button"
      class="cite"
      aria-label={`Source ${n}: ${citation.title ?? 'document'}`}
      onClick={() => onCite(citation)}
      data-testid={`cite-${n}`}
    >
      {n}
    </button>
  );
}
