import {
  AnswerWriter,
  type ComposeRequest,
  type PassageAnswerRequest,
  type SmallTalkRequest,
  type ToolAnswerRequest,
} from '../steps/answer-writer.js';
import type { Degrade } from './degrade.js';
import type { AnswerText } from '../turn/answer-text.js';

/** For tenants that rather have a plain answer than none. Once text was shown, a failure stays a failure. */
export class DegradingAnswerWriter extends AnswerWriter {
  constructor(
    private readonly model: AnswerWriter,
    private readonly offline: AnswerWriter,
    private readonly degrade: Degrade,
  ) {
    super();
  }

  override fromPassages(request: PassageAnswerRequest, out: AnswerText, signal: AbortSignal): Promise<boolean> {
    return this.attempt(out, (writer) => writer.fromPassages(request, out, signal));
  }

  override fromToolResults(request: ToolAnswerRequest, out: AnswerText, signal: AbortSignal): Promise<void> {
    return this.attempt(out, (writer) => writer.fromToolResults(request, out, signal));
  }

  override compose(request: ComposeRequest, out: AnswerText, signal: AbortSignal): Promise<void> {
    return this.attempt(out, (writer) => writer.compose(request, out, signal));
  }

  override smallTalk(request: SmallTalkRequest, out: AnswerText, signal: AbortSignal): Promise<void> {
    return this.attempt(out, (writer) => writer.smallTalk(request, out, signal));
  }

  private attempt<T>(out: AnswerText, write: (writer: AnswerWriter) => Promise<T>): Promise<T> {
    const before = out.written;
    return this.degrade(
      'answer',
      () => write(this.model),
      () => write(this.offline),
      () => out.written === before,
    );
  }
}
