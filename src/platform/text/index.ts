/**
 * Text as people write it: words, sentences, Markdown, languages, tokens. Imports nothing but libraries. The words of a
 * language are data, a file each in `words/`.
 */
export { blocksOf, unitsOf, type TextBlock, type TextUnit } from './blocks.js';
export { tellingOf } from './everyday-words.js';
export { fold, foldInPlace } from './fold.js';
export { detectLanguage, phraseLanguage, type PhraseLanguage } from './language.js';
export { atMost } from './length.js';
export { escapeMarkdown, plainText } from './markdown-text.js';
export { isSpaceless, segmented, wordsOf } from './segments.js';
export { sentencesOf, wholeSentencesOf } from './sentences.js';
export { jsonToStore, storable, storableJson } from './storable.js';
export { stem } from './stem.js';
export { isAskingWord, isFunctionWord, isStopWord } from './stop-words.js';
export { estimateTokens, quarterTokens } from './tokens.js';
export { fenced, neutralise } from './untrusted-text.js';
export { contentStems, excerpt, hasStem, topicStems, wordCount } from './words.js';
