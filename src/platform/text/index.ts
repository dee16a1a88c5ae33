/** Text as people write it: words, sentences, Markdown, languages. Imports nothing but libraries. */
export { detectLanguage, phraseLanguage, type PhraseLanguage } from './language.js';
export { escapeMarkdown, plainText } from './markdown-text.js';
export { blocksOf, sentencesOf, unitsOf, type TextBlock, type TextUnit } from './sentences.js';
export { fenced, neutralise } from './untrusted-text.js';
export { contentStems, excerpt, fold, isStopWord, stem, topicStems, wordCount } from './words.js';
