import type { ChatMessage } from '#llm';
import { fenced } from '#platform/text';
import type { ToolAnswerRequest } from '../steps/answer-writer.js';
import { chatHistory } from './prompt-history.js';
import { DATA_RULE, languageRule, withRules } from './prompt-rules.js';

const LONGEST_RESULT = 8000;

export function toolAnswerMessages({
  agent,
  history,
  language,
  question,
  results,
  voice,
}: ToolAnswerRequest): ChatMessage[] {
  const system = withRules(`You are "${agent.name}" of ${voice.tenantName}. You answer from tool results.`, agent, [
    "Answer the customer's message from the tool results, in short Markdown. Say nothing that the results do not say.",
    languageRule(language),
    DATA_RULE,
  ]);
  const data = results.map(({ tool, data: value }) => fenced(`tool ${tool}`, JSON.stringify(value), LONGEST_RESULT));
  return [
    { role: 'system', content: system },
    ...chatHistory(history),
    { role: 'user', content: `${question}\n\nTool results:\n${data.join('\n')}` },
  ];
}
