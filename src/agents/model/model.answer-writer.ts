import {
  AnswerWriter,
  type ComposeRequest,
  type PassageAnswerRequest,
  type SmallTalkRequest,
  type ToolAnswerRequest,
} from '../steps/answer-writer.js';
import { toolAnswerMessages } from './tool-answer.prompt.js';
import { AnswerGate } from './answer-gate.js';
import { knowledgeMessages } from './knowledge.prompt.js';
import type { ModelCalls } from './model-calls.js';
import { smallTalkMessages } from './small-talk.prompt.js';
import type { AnswerText } from '../turn/answer-text.js';
import { writerMessages } from './writer.prompt.js';

/** Answers streamed by the tenant's model. */
export class ModelAnswerWriter extends AnswerWriter {
  constructor(private readonly calls: ModelCalls) {
    super();
  }

  override async fromPassages(request: PassageAnswerRequest, out: AnswerText, signal: AbortSignal): Promise<boolean> {
    const gate = new AnswerGate(out);
    const call = { purpose: 'answer' as const, messages: knowledgeMessages(request) };
    await this.calls.stream(call, (text) => gate.write(text), signal);
    return gate.end();
  }

  override async fromToolResults(request: ToolAnswerRequest, out: AnswerText, signal: AbortSignal): Promise<void> {
    await this.calls.stream(
      { purpose: 'answer', messages: toolAnswerMessages(request) },
      (text) => out.write(text),
      signal,
    );
  }

  override async compose(request: ComposeRequest, out: AnswerText, signal: AbortSignal): Promise<void> {
    await this.calls.stream(
      { purpose: 'answer', messages: writerMessages(request) },
      (text) => out.write(text),
      signal,
    );
  }

  override async smallTalk(request: SmallTalkRequest, out: AnswerText, signal: AbortSignal): Promise<void> {
    const call = { purpose: 'answer' as const, messages: smallTalkMessages(request), maxTokens: 200 };
    await this.calls.stream(call, (text) => out.write(text), signal);
  }
}
