import {
  AnswerWriter,
  type ComposeRequest,
  type PassageAnswerRequest,
  type SmallTalkRequest,
  type ToolAnswerRequest,
} from '../steps/answer-writer.js';
import { toolAnswerMessages } from './tool-answer.prompt.js';
import { knowledgeMessages, NO_ANSWER } from './knowledge.prompt.js';
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

/** Holds the first characters back until it is clear that they are not the sign for "no answer". */
class AnswerGate {
  private held: string | null = '';

  constructor(private readonly out: AnswerText) {}

  write(text: string): void {
    if (this.held === null) {
      this.out.write(text);
      return;
    }
    this.held += text;
    const start = this.held.trimStart().replace(/^["'`*]+/, '');
    if (NO_ANSWER.startsWith(start.slice(0, NO_ANSWER.length))) return;
    this.out.write(this.held);
    this.held = null;
  }

  /** @returns false when the answer was the sign, or nothing */
  end(): boolean {
    return this.held === null;
  }
}
