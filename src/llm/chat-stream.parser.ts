/**
 * The token stream of the OpenAI wire, from bytes to text: server-sent events whose data is a JSON chunk.
 *
 *   bytes ─ cut at line ends (never inside a character) ─ `data:` ─ one JSON chunk ─ text, finish reason, usage
 *
 * A chunk that only carries text, as nearly all do, is recognised by its fixed bytes and never becomes objects: in valid
 * JSON `"delta":{"content":"` cannot stand inside a string, where its quotes would be escaped.
 */
import { type ChatResult } from './chat-model.port.js';
import { StorableText } from './storable-text.js';

export interface WireUsage {
  readonly prompt_tokens?: number | null;
  readonly completion_tokens?: number | null;
}

const LONGEST_LINE = 1024 * 1024;
const NEWLINE = 10;
const TEXT_MARK = '"delta":{"content":"';
const OPEN_MARK = '"finish_reason":null';

/** What is wrong with the stream, for the log. */
export class StreamFault extends Error {}

export class ChatStreamParser {
  /** `[DONE]` was seen. */
  done = false;
  finishReason: string | null = null;
  usage: WireUsage | null = null;
  text = '';
  private rest: Buffer | null = null;
  private readonly storable = new StorableText();

  /**
   * @param onText called with each piece of text, in order
   * @param longestText UTF-16 units after which the stream counts as endless
   */
  constructor(
    private readonly onText: (text: string) => void,
    private readonly longestText: number,
  ) {}

  /** True once a finish reason or `[DONE]` was read: the text is complete. */
  get complete(): boolean {
    return this.done || this.finishReason !== null;
  }

  /** @throws StreamFault */
  push(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) return this.keep(chunk);
    let lines: string;
    if (this.rest === null) {
      lines = chunk.toString('utf8', 0, end);
    } else {
      lines = Buffer.concat([this.rest, chunk.subarray(0, end)]).toString('utf8');
      this.rest = null;
    }
    if (end + 1 < chunk.length) this.keep(chunk.subarray(end + 1));
    for (let start = 0; start <= lines.length && !this.done;) {
      let stop = lines.indexOf('\n', start);
      if (stop === -1) stop = lines.length;
      if (stop > start) this.line(lines, start, stop);
      start = stop + 1;
    }
  }

  /** The last line, of a stream that does not end with a line end, and the last half of a character. */
  end(): void {
    if (this.rest !== null) {
      const last = this.rest.toString('utf8');
      this.rest = null;
      if (!this.done) this.line(last, 0, last.length);
    }
    this.show(this.storable.end());
  }

  private keep(chunk: Buffer): void {
    // A copy: the network's buffer is reused.
    this.rest = this.rest === null ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    if (this.rest.length > LONGEST_LINE)
      throw new StreamFault(`a line of the stream is longer than ${LONGEST_LINE} bytes`);
  }

  /** One line, without its `\n`. Comments, event names and ids say nothing here. */
  private line(lines: string, start: number, stop: number): void {
    if (lines.charCodeAt(stop - 1) === 13) stop--;
    if (lines.charCodeAt(start) === 0xfeff) start++;
    if (stop - start > LONGEST_LINE) throw new StreamFault(`a line of the stream is longer than ${LONGEST_LINE} bytes`);
    if (!lines.startsWith('data:', start)) {
      if (lines.startsWith('<', start)) throw new StreamFault(`not a stream: ${lines.slice(start, start + 100)}`);
      return;
    }
    start += lines.charCodeAt(start + 5) === 32 ? 6 : 5;
    if (start >= stop || this.plainText(lines, start, stop)) return;
    this.chunk(lines.slice(start, stop));
  }

  /** The quick way; false: the line holds more than text, or something else. */
  private plainText(lines: string, start: number, stop: number): boolean {
    const mark = lines.indexOf(TEXT_MARK, start);
    if (mark === -1 || mark >= stop) return false;
    const from = mark + TEXT_MARK.length;
    let to = lines.indexOf('"', from);
    if (to === -1 || to >= stop || lines.charCodeAt(stop - 1) !== 125) return false;
    // The rest of the chunk must say that the answer goes on, and must not bring usage along.
    const open = lines.indexOf(OPEN_MARK, to);
    if (open === -1 || open >= stop) return false;
    const usage = lines.indexOf('"usage":{', start);
    if (usage !== -1 && usage < stop) return false;
    let text = lines.slice(from, to);
    if (text.includes('\\')) {
      while (escaped(lines, to)) {
        to = lines.indexOf('"', to + 1);
        if (to === -1 || to >= stop) return false;
      }
      try {
        text = String(JSON.parse(lines.slice(from - 1, to + 1)));
      } catch {
        return false;
      }
    }
    this.emit(text);
    return true;
  }

  private chunk(data: string): void {
    if (data === '[DONE]') {
      this.done = true;
      return;
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(data);
    } catch {
      throw new StreamFault(`a chunk is not JSON: ${data.slice(0, 100)}`);
    }
    if (typeof parsed !== 'object' || parsed === null) throw new StreamFault('a chunk is not an object');
    const chunk = parsed as WireChunk;
    if (chunk.error !== undefined && chunk.error !== null) {
      throw new StreamFault(`the provider reports: ${JSON.stringify(chunk.error).slice(0, 300)}`);
    }
    const usage = chunk.usage ?? chunk.x_groq?.usage;
    if (usage !== undefined && usage !== null) this.usage = usage;
    const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (choice === undefined) return;
    this.emit(contentText(choice.delta?.content));
    if (typeof choice.finish_reason === 'string') this.finishReason = choice.finish_reason;
  }

  private emit(text: string): void {
    if (text !== '') this.show(this.storable.push(text));
  }

  private show(text: string): void {
    if (text === '') return;
    this.text += text;
    if (this.text.length > this.longestText) throw new StreamFault(`the answer passed ${this.longestText} characters`);
    this.onText(text);
  }
}

interface WireChunk {
  readonly error?: unknown;
  readonly usage?: WireUsage | null;
  readonly x_groq?: { readonly usage?: WireUsage | null };
  readonly choices?: readonly {
    readonly delta?: { readonly content?: unknown };
    readonly finish_reason?: string | null;
  }[];
}

/** A string, or the parts that some servers send instead. */
function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => (isTextPart(part) ? part.text : '')).join('');
}

function isTextPart(part: unknown): part is { text: string } {
  return typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string';
}

/** Whether the quote at `at` is escaped: preceded by an odd number of backslashes. */
function escaped(text: string, at: number): boolean {
  let count = 0;
  while (text.charCodeAt(at - 1 - count) === 92) count++;
  return count % 2 === 1;
}

export function finishReasonOf(reason: string | null): ChatResult['finishReason'] {
  switch (reason) {
    case null: // `[DONE]` without a reason
    case 'stop':
      return 'stop';
    case 'length':
      return 'length';
    case 'content_filter':
      return 'content_filter';
    default:
      return 'other';
  }
}
