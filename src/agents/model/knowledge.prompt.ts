import type { ChatMessage } from '#llm';
import { fenced, neutralise } from '#platform/text';
import type { PassageAnswerRequest } from '../steps/answer-writer.js';
import { NO_ANSWER } from './answer-gate.js';
import { chatHistory } from './prompt-history.js';
import { DATA_RULE, languageRule, withRules } from './prompt-rules.js';

const LONGEST_PASSAGE = 3500;

export function knowledgeMessages(request: PassageAnswerRequest): ChatMessage[] {
  const { agent, language, passages, question } = request;
  const system = withRules(
    `You are "${agent.name}" of ${request.voice.tenantName}. You answer questions from numbered passages of the company's documents.`,
    agent,
    [
      'Use only what the passages say. Put the number of the passage behind each statement, like this: [1]. Use no other numbers in brackets.',
      `If the passages do not answer the question, write exactly ${NO_ANSWER} and nothing else, also where the instructions tell what to say then or how to reach somebody: the service adds that itself.`,
      languageRule(language),
      'Write Markdown, briefly, without a list of sources.',
      DATA_RULE,
    ],
  );
  const numbered = passages.map((passage, index) => {
    const place = [passage.section, passage.page === null ? null : `page ${passage.page}`].filter(
      (part) => part !== null,
    );
    const head = neutralise([passage.title, ...place].join(', '), 300).replace(/\n/g, ' ');
    return `[${index + 1}] (${head})\n${fenced(`passage ${index + 1}`, passage.content, LONGEST_PASSAGE)}`;
  });
  return [
    { role: 'system', content: system },
    ...chatHistory(request.history),
    { role: 'user', content: `Passages:\n\n${numbered.join('\n\n')}\n\nQuestion: ${question}` },
  ];
}
