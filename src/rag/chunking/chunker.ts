/**
 * From a parsed document to the passages that are embedded, searched and cited. Pure and deterministic: the same
 * document and settings give the same chunks, so a retried ingestion continues where it stopped.
 *
 *   blocks -> sections (one per heading) -> tiny siblings joined -> pieces no longer than a chunk -> chunks
 */
import { estimateTokens } from '#platform/text';
import type { Block, ParsedDocument } from '../parsing/parsed-document.js';
import { splitLines, splitList, splitProse, splitTable, tailOf } from './split-text.js';

export interface ChunkSettings {
  /** Tokens of a chunk's content (as `estimateTokens` counts); the last of a section may be a tenth longer. */
  readonly size: number;
  /** Tokens that a chunk repeats from the end of the one before it in the same section. */
  readonly overlap: number;
}

export interface Chunk {
  /** 0, 1, 2 … in reading order. */
  readonly index: number;
  /** The passage as Markdown: what is shown and quoted. */
  readonly content: string;
  /** Title, section and content: what is embedded and indexed. */
  readonly embeddingText: string;
  /** Headings from the outermost to the passage's own, `A > B`; null before the first heading. */
  readonly section: string | null;
  /** Page on which the passage stands, from 1: no passage runs over a page break, save a sentence that does. */
  readonly page: number | null;
  /** Tokens of `content`, estimated. */
  readonly tokens: number;
}

/** Characters of a heading in a section's path. */
const MAX_HEADING = 200;

export const DEFAULT_CHUNK_SETTINGS: ChunkSettings = { size: 400, overlap: 60 };

interface Section {
  readonly path: readonly string[];
  readonly level: number;
  readonly page: number | undefined;
  readonly blocks: Block[];
}

/** Part of a block that fits into a chunk. */
interface Piece {
  readonly text: string;
  readonly tokens: number;
  readonly page: number | undefined;
  /** Whether the next chunk may repeat its end: prose only. */
  readonly prose: boolean;
}

interface Draft {
  readonly path: readonly string[];
  readonly content: string;
  /** Beginning of the content that repeats the end of the chunk before. */
  readonly carried: string;
  readonly page: number | undefined;
}

/** @throws RangeError for a size below 16, or an overlap that leaves no room for new text */
export function chunkDocument(document: ParsedDocument, settings: ChunkSettings = DEFAULT_CHUNK_SETTINGS): Chunk[] {
  return [...chunksOf(document, settings)];
}

/** The same one by one, so that a caller with a socket to serve can pause within a long document. */
export function* chunksOf(
  document: ParsedDocument,
  settings: ChunkSettings = DEFAULT_CHUNK_SETTINGS,
): Generator<Chunk> {
  const { size, overlap } = settings;
  if (!Number.isInteger(size) || size < 16) throw new RangeError('Chunk size must be an integer of at least 16 tokens');
  if (!Number.isInteger(overlap) || overlap < 0 || overlap > size / 2)
    throw new RangeError('Chunk overlap must be between 0 and half the chunk size');
  let index = 0;
  for (const section of joinTinySiblings(sectionsOf(document), size)) {
    for (const draft of withShortEndJoined(draftsOf(section, settings), size))
      yield toChunk(draft, index++, document.title);
  }
}

function sectionsOf(document: ParsedDocument): Section[] {
  const sections: Section[] = [];
  const path: { level: number; text: string }[] = [];
  let current: Section = { path: [], level: 0, page: undefined, blocks: [] };
  for (const block of document.blocks) {
    if (block.kind !== 'heading') {
      current.blocks.push(block);
      continue;
    }
    sections.push(current);
    while (path.length > 0 && (path[path.length - 1]?.level ?? 0) >= block.level) path.pop();
    path.push({ level: block.level, text: shortened(block.text) });
    current = { path: path.map((heading) => heading.text), level: block.level, page: block.page, blocks: [] };
  }
  sections.push(current);
  return sections.filter(
    (section, i) => section.blocks.length > 0 || keepsOnlyHeading(section, sections[i + 1], document.title),
  );
}

/** Every chunk below a heading carries it, so one of a megabyte must not. */
function shortened(heading: string): string {
  if (heading.length <= MAX_HEADING) return heading;
  return `${heading.slice(0, MAX_HEADING - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A heading without text stands for itself, unless it only opens deeper ones or repeats the title. */
function keepsOnlyHeading(section: Section, next: Section | undefined, title: string | null): boolean {
  const own = section.path[section.path.length - 1];
  if (own === undefined || own === title) return false;
  return next === undefined || next.level <= section.level;
}

/**
 * Neighbours under the same parent that are too short to be understood or found alone become one section, with their
 * headings in the text.
 */
function joinTinySiblings(sections: readonly Section[], size: number): Section[] {
  const tiny = size * 0.15;
  const full = size * 0.5;
  const result: Section[] = [];
  let group: Section[] = [];
  let tokens = 0;
  const flush = (): void => {
    const [first] = group;
    if (first) result.push(group.length === 1 && first.blocks.length > 0 ? first : merged(group));
    group = [];
    tokens = 0;
  };
  for (const section of sections) {
    const cost =
      estimateTokens(section.blocks.map((block) => block.text).join('\n')) + estimateTokens(section.path.at(-1) ?? '');
    const [first] = group;
    const before = group.at(-1);
    const fits =
      first !== undefined &&
      cost <= tiny &&
      tokens + cost <= full &&
      isSibling(first, section) &&
      before?.blocks.at(-1)?.page === section.blocks[0]?.page;
    if (!fits) flush();
    group.push(section);
    tokens += cost;
    if (cost > tiny) flush();
  }
  flush();
  return result;
}

function isSibling(a: Section, b: Section): boolean {
  return (
    a.path.length > 0 &&
    a.level === b.level &&
    a.path.length === b.path.length &&
    a.path.slice(0, -1).every((part, i) => part === b.path[i])
  );
}

function merged(group: readonly Section[]): Section {
  const first = group[0] ?? { path: [], level: 0, page: undefined, blocks: [] };
  const names = group.map((section) => section.path.at(-1) ?? '');
  const blocks = group.flatMap((section, i): Block[] => [
    { kind: 'heading', level: section.level, text: names[i] ?? '', page: section.blocks[0]?.page ?? section.page },
    ...section.blocks,
  ]);
  const shown = names.length > 3 ? [...names.slice(0, 3), '…'] : names;
  return { ...first, path: [...first.path.slice(0, -1), shown.join(' / ')], blocks };
}

function* draftsOf(section: Section, { size, overlap }: ChunkSettings): Generator<Draft> {
  // What is left beside a repeated end.
  const room = size - overlap;
  let current: Piece[] = [];
  let tokens = 0;
  let carried = '';
  const close = (repeats = true): Draft => {
    const body = current.map((piece) => piece.text);
    const draft = {
      path: section.path,
      content: (carried ? [carried, ...body] : body).join('\n\n'),
      carried,
      page: current[0]?.page,
    };
    const last = current[current.length - 1];
    const tail = repeats && last?.prose ? tailOf(last.text, overlap) : '';
    // A chunk is not repeated as a whole.
    carried = tail.length < draft.content.length ? tail : '';
    current = [];
    tokens = carried ? estimateTokens(carried) + 1 : 0;
    return draft;
  };
  for (const block of section.blocks) {
    // Whoever reads a citation looks at its page: a chunk has one, and repeats nothing of the page before.
    if (current.length > 0 && current[0]?.page !== block.page) yield close(false);
    for (const piece of piecesOf(block, size, room)) {
      if (current.length > 0 && tokens + piece.tokens > size) yield close();
      if (current.length === 0 && tokens + piece.tokens > size) {
        // What leaves no room for a repeated end goes without it.
        carried = '';
        tokens = 0;
      }
      current.push(piece);
      tokens += piece.tokens + 1;
    }
  }
  if (current.length > 0) yield close();
}

/** A last chunk of a few words is added to the one before it, when there is room. */
function* withShortEndJoined(drafts: Iterable<Draft>, size: number): Generator<Draft> {
  let held: Draft | undefined;
  for (const draft of drafts) {
    if (held && held.page === draft.page && estimateTokens(draft.content) <= size * 0.25) {
      const own = draft.carried ? draft.content.slice(draft.carried.length).trimStart() : draft.content;
      const content = `${held.content}\n\n${own}`;
      if (estimateTokens(content) <= size * 1.1) {
        held = { ...held, content };
        continue;
      }
    }
    if (held) yield held;
    held = draft;
  }
  if (held) yield held;
}

function piecesOf(block: Block, size: number, room: number): Piece[] {
  const texts = split(block, size, room);
  return texts.map((text) => ({
    text,
    tokens: estimateTokens(text),
    page: block.page,
    prose: block.kind === 'paragraph',
  }));
}

function split(block: Block, size: number, room: number): string[] {
  switch (block.kind) {
    case 'heading':
      return splitProse(`${'#'.repeat(block.level)} ${block.text}`, room);
    case 'paragraph':
      return estimateTokens(block.text) <= size ? [block.text] : splitProse(block.text, room);
    case 'list':
      return splitList(block.text, size);
    case 'table':
      return splitTable(block.text, size);
    case 'code':
      return splitCode(block.text, size);
    case 'row':
      return splitLines(block.text, size);
  }
}

/** Fenced code is fenced again in each part. */
function splitCode(text: string, size: number): string[] {
  if (estimateTokens(text) <= size) return [text];
  const [, fence = '', inner = text] = /^((?:`{3,}|~{3,})[^\n]*)\n([\s\S]*?)\n?(?:`{3,}|~{3,})\s*$/.exec(text) ?? [];
  const parts = splitLines(inner, size - (fence ? 8 : 0));
  return fence ? parts.map((part) => `${fence}\n${part}\n${/^[`~]+/.exec(fence)?.[0] ?? ''}`) : parts;
}

function toChunk(draft: Draft, index: number, title: string | null): Chunk {
  const section = draft.path.length > 0 ? draft.path.join(' > ') : null;
  const context = [title && shortened(title), section].filter((part, i, parts) => part && parts.indexOf(part) === i);
  return {
    index,
    content: draft.content,
    embeddingText: [...context, withoutAddresses(draft.content)].join('\n\n'),
    section,
    page: draft.page ?? null,
    tokens: estimateTokens(draft.content),
  };
}

/** Addresses of links say nothing about the text's meaning. */
function withoutAddresses(markdown: string): string {
  return markdown.replace(
    /\[((?:[^[\]\n]|\[[^[\]\n]*\])+)\]\((?:https?:|mailto:)[^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)/g,
    '$1',
  );
}
