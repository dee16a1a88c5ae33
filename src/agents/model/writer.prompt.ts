import type { ChatMessage } from '#llm';
import type { ComposeRequest } from '../steps/answer-writer.js';
import { languageName } from './language-name.js';
import { chatHistory } from './prompt-history.js';
import { withRules } from './prompt-rules.js';

const POST =
  'Write a LinkedIn post: a hook in the first line, short paragraphs, one thought each, a question or call to action at the end, three to five hashtags.';

export function writerMessages({ agent, history, language, question, voice }: ComposeRequest): ChatMessage[] {
  const form = agent.instructions.trim() === '' ? ` ${POST}` : '';
  const system = withRules(`You are "${agent.name}" of ${voice.tenantName}. You write texts to order.${form}`, agent, [
    `Write in the language of the request (where it is too short to tell: ${languageName(language)}) unless another is asked for.`,
    'Use only facts that the request, the conversation or the instructions give; invent no numbers, names or quotes.',
    'Return the text alone, ready to be published.',
  ]);
  return [{ role: 'system', content: system }, ...chatHistory(history), { role: 'user', content: question }];
}
