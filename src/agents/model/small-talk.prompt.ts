import type { ChatMessage } from '#llm';
import type { SmallTalkRequest } from '../steps/answer-writer.js';
import { chatHistory } from './prompt-history.js';
import { languageRule, withRules } from './prompt-rules.js';

export function smallTalkMessages({
  capabilities,
  history,
  language,
  question,
  voice,
}: SmallTalkRequest): ChatMessage[] {
  const system = withRules(
    `You are the friendly assistant of ${voice.tenantName}. You can help with:\n${capabilities.join('\n')}`,
    { instructions: '' },
    [
      'Answer this small talk in one or two short sentences.',
      languageRule(language),
      'Promise nothing that is not listed here, and state no facts about the company.',
    ],
  );
  return [{ role: 'system', content: system }, ...chatHistory(history.slice(-6)), { role: 'user', content: question }];
}
