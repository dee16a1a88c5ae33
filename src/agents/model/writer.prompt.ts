import type { ChatMessage } from '#llm';
import type { ComposeRequest } from '../steps/answer-writer.js';
import { chatHistory } from './prompt-history.js';

export function writerMessages({ agent, history, language, question, voice }: ComposeRequest): ChatMessage[] {
  const own =
    agent.instructions === ''
      ? 'Write a LinkedIn post: a hook in the first line, short paragraphs, one thought each, a question or call to action at the end, three to five hashtags.'
      : agent.instructions;
  const system = `You are "${agent.name}" of ${voice.tenantName}. ${own}
Write in the language of the request (${language}) unless another is asked for. Use only facts that the request or the conversation gives; invent no numbers, names or quotes. Return the text alone, ready to be published.`;
  return [{ role: 'system', content: system }, ...chatHistory(history), { role: 'user', content: question }];
}
