import {
  AnswerWriter,
  type ComposeRequest,
  type PassageAnswerRequest,
  type SmallTalkRequest,
  type ToolAnswerRequest,
} from '../../steps/answer-writer.js';
import { renderAnswer } from '../../catalog/answer-template.js';
import { readableResult } from './readable-result.js';
import { extract } from './extraction.js';
import { type AnswerText, writeWords } from '../../turn/answer-text.js';
import { composePost } from './post-composer.js';

/** Without a model: quoted sentences, readable results, composed posts, the tenant's own texts. */
export class ExtractiveAnswerWriter extends AnswerWriter {
  override fromPassages({ question, passages }: PassageAnswerRequest, out: AnswerText): Promise<boolean> {
    const parts = extract(question, passages);
    parts.forEach((part, index) => {
      if (index > 0) out.write('\n\n');
      writeWords(part, out);
    });
    return Promise.resolve(parts.length > 0);
  }

  override fromToolResults({ results }: ToolAnswerRequest, out: AnswerText): Promise<void> {
    writeWords(results.map(({ data }) => readableResult(data)).join('\n\n'), out);
    return Promise.resolve();
  }

  /** By the tenant's template where it has one that can be rendered; a slow moment must not cost an answer. */
  override async compose({ agent, language, question }: ComposeRequest, out: AnswerText): Promise<void> {
    const data = { message: question, language: language.split('-')[0] ?? language };
    const { answerTemplate } = agent;
    const rendered = answerTemplate === null ? null : await renderAnswer(answerTemplate, data).catch(() => null);
    writeWords(rendered ?? composePost(question, language), out);
  }

  override smallTalk({ kind, language, voice, capabilities }: SmallTalkRequest, out: AnswerText): Promise<void> {
    const text = voice.smallTalk(kind, language);
    const listed = kind === 'who_are_you' && capabilities.length > 0;
    writeWords(listed ? `${text} ${voice.phrases(language).capabilities}\n${capabilities.join('\n')}` : text, out);
    return Promise.resolve();
  }
}
