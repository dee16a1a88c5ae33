import type { ChatMessage } from '#llm';
import type { SmallTalkRequest } from '../steps/answer-writer.js';
import { chatHistory } from './prompt-history.js';

export function smallTalkMessages({
  capabilities,
  history,
  language,
  question,
  voice,
}: SmallTalkRequest): ChatMessage[] {
  const system = `You are the friendly assistant of ${voice.tenantName}. Answer this small talk in one or two short sentences, in the language of the message (${language}). Promise nothing that is not listed here, and state no facts about the company.
You can help with:
${capabilities.join('\n')}`;
  return [{ role: 'system', content: system }, ...chatHistory(history.slice(-6)), { role: 'user', content: question }];
}
