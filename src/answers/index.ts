/**
 * Answers as pages show them: Markdown read into a tree and drawn as elements, the quoted words of a passage, results as cards.
 * Browser code that the console and the widget share; it asks nobody, and nothing that a model writes is parsed as HTML.
 *
 *   text ──parseMarkdown──▶ Block[] ──markQuote──▶ Block[] ──renderBlock──▶ elements
 *   payload ──payloadCards──▶ cards
 */
export {
  type BlockContext,
  type BlockLabels,
  citeMark,
  link,
  renderBlock,
  scrollable,
  scrolledCode,
} from './blocks.js';
export { absoluteHref, type Block, type Inline, parseMarkdown, safeHref } from './markdown.js';
export { markQuote } from './marked-quote.js';
export { type CardWords, type PayloadCard, payloadCards, payloadHeading } from './payload-card.js';
export { plainText } from './plain-text.js';
