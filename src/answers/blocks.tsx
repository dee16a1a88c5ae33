/** The tree of `markdown.ts` as elements. Nothing is ever assigned to `innerHTML`, and no image is fetched. */
import { createElement, Fragment, type ComponentChildren, type VNode } from 'preact';
import { type Block, type Inline, safeHref } from './markdown.js';

/** A numbered source, as far as a mark needs it. */
export interface CitedSource {
  readonly n: number;
  readonly title?: string | null;
}

/** What a screen reader is told of what it cannot see. */
export interface BlockLabels {
  readonly code: string;
  readonly table: string;
  source(n: number, title: string | null): string;
}

export interface BlockContext<Source extends CitedSource = CitedSource> {
  readonly citations: readonly Source[];
  onCite(citation: Source): void;
  readonly labels: BlockLabels;
  /** Where a link may lead; null: it is only text. Default: `safeHref`. */
  readonly hrefOf?: (href: string) => string | null;
}

/** Wide code scrolls; the keyboard can scroll it too. */
export function scrolledCode(label: string) {
  return { tabIndex: 0, role: 'group', 'aria-label': label, dir: 'ltr' } as const;
}

export function renderBlock<Source extends CitedSource>(
  block: Block,
  key: number,
  context: BlockContext<Source>,
): VNode {
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
        <pre key={key} {...scrolledCode(context.labels.code)}>
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
        context.labels.table,
      );
    case 'rule':
      return <hr key={key} />;
  }
}

function renderInline<Source extends CitedSource>(
  inline: Inline,
  key: number,
  context: BlockContext<Source>,
): ComponentChildren {
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
        context.hrefOf,
      );
    case 'cite':
      return citeMark(inline.n, String(key), context);
  }
}

export function link(href: string, children: ComponentChildren[], key: number, hrefOf = safeHref): VNode {
  const safe = hrefOf(href);
  if (!safe) return <Fragment key={key}>{children}</Fragment>;
  return (
    <a key={key} href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

/** A wide table scrolls on its own instead of widening the page; focusable, so that the keyboard can scroll it. */
export function scrollable(table: VNode, key: number, label: string): VNode {
  return (
    <div key={key} class="table-scroll" tabIndex={0} role="group" aria-label={label}>
      {table}
    </div>
  );
}

/** `[2]` is a button once its source is known; while the answer streams it is only a mark. */
export function citeMark<Source extends CitedSource>(
  n: number,
  key: string,
  { citations, labels, onCite }: BlockContext<Source>,
): VNode {
  const citation = citations.find((candidate) => candidate.n === n);
  if (!citation) return <Fragment key={key}>{`[${n}]`}</Fragment>;
  return (
    <button
      key={key}
      type="button"
      class="cite"
      aria-label={labels.source(n, citation.title ?? null)}
      onClick={() => onCite(citation)}
      data-testid={`cite-${n}`}
    >
      {n}
    </button>
  );
}
