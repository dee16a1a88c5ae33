import type { AnswerText } from '../turn/answer-text.js';
import type { TurnEventSink } from '../turn/turn-event.js';
import type { AnswerPayload } from '../turn/turn.types.js';

/** A payload before its place in the whole answer is known. */
export type SectionPayload = Omit<AnswerPayload, 'offset'>;

const SEPARATOR = '\n\n';

/**
 * Several agents write at once, one is shown: sections stream in the order of the intents. The first unfinished one goes
 * straight to the client; the others are kept until their turn.
 *
 *   section 0  ████████▶ live ──end──┐
 *   section 1  ████ kept             └─▶ what was kept, then live
 *
 * `content` is always the concatenation of the tokens that were emitted.
 */
export class SectionStream {
  private readonly sections: Section[];
  private live = 0;
  private text = '';
  readonly payloads: AnswerPayload[] = [];

  constructor(
    count: number,
    private readonly emit: TurnEventSink,
  ) {
    this.sections = Array.from({ length: count }, (_, index) => new Section(index, this));
  }

  section(index: number): Section {
    const section = this.sections[index];
    if (section === undefined) throw new Error(`There is no section ${index}`);
    return section;
  }

  get count(): number {
    return this.sections.length;
  }

  get content(): string {
    return this.text;
  }

  /** @internal */
  isLive(index: number): boolean {
    return index === this.live;
  }

  /** @internal Text of the live section. */
  show(section: Section, text: string): void {
    if (!section.shown) {
      section.shown = true;
      if (this.text !== '') {
        this.text += SEPARATOR;
        this.emit({ type: 'token', content: SEPARATOR });
      }
      section.offset = this.text.length;
    }
    this.text += text;
    this.emit({ type: 'token', content: text });
  }

  /** @internal Its place is known only now: what is shown before it may still grow while it is kept. */
  showPayload({ payload_type, items }: SectionPayload): void {
    const offset = this.text.length;
    this.payloads.push({ payload_type, items, offset });
    this.emit({ type: 'payload', payloadType: payload_type, items, offset });
  }

  /** @internal */
  advance(): void {
    for (;;) {
      const section = this.sections[this.live];
      if (section === undefined) return;
      section.flush();
      if (!section.ended) return;
      this.live += 1;
    }
  }
}

/** One agent's part. */
export class Section implements AnswerText {
  private readonly kept: (string | SectionPayload)[] = [];
  private readonly handed: SectionPayload[] = [];
  private said = '';
  shown = false;
  /** Where its text begins in the whole answer, UTF-16 units; 0 until it is shown. */
  offset = 0;
  ended = false;

  constructor(
    readonly index: number,
    private readonly stream: SectionStream,
  ) {}

  get written(): number {
    return this.said.length;
  }

  /** All that was written, shown or not yet. */
  get text(): string {
    return this.said;
  }

  get payloads(): readonly SectionPayload[] {
    return this.handed;
  }

  write(text: string): void {
    if (text === '' || this.ended) return;
    this.said += text;
    if (this.stream.isLive(this.index)) this.stream.show(this, text);
    else this.kept.push(text);
  }

  payload(payloadType: string, items: readonly unknown[]): void {
    if (this.ended) return;
    const payload = { payload_type: payloadType, items };
    this.handed.push(payload);
    if (this.stream.isLive(this.index)) this.stream.showPayload(payload);
    else this.kept.push(payload);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.stream.isLive(this.index)) this.stream.advance();
  }

  /** @internal What was kept while others were live. */
  flush(): void {
    const texts: string[] = [];
    const showTexts = () => {
      if (texts.length > 0) this.stream.show(this, texts.splice(0).join(''));
    };
    for (const item of this.kept.splice(0)) {
      if (typeof item === 'string') texts.push(item);
      else {
        showTexts();
        this.stream.showPayload(item);
      }
    }
    showTexts();
  }
}
