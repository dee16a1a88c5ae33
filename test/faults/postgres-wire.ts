/**
 * Just enough of Postgres' wire protocol (version 3): where each message begins and ends, and what it holds when that is
 * asked for. A message is a letter, four bytes of length, a body; a client's very first ones have no letter.
 */
export class MessageReader {
  /** False until the client's startup message has passed. */
  lettered: boolean;
  private head = Buffer.alloc(0);
  private body: Buffer[] | null = null;
  private type = '';
  private missing = 0;
  private skipping = 0;

  /**
   * @param keep letters of the messages whose body is wanted ('' stands for the ones without a letter)
   * @param onMessage `end` is the place in the chunk right behind the message
   */
  constructor(
    options: { lettered: boolean },
    private readonly keep: (type: string) => boolean,
    private readonly onMessage: (type: string, body: Buffer, end: number) => void,
  ) {
    this.lettered = options.lettered;
  }

  /** The next byte belongs to no message (the answer to a request for TLS). */
  skipByte(): void {
    this.skipping++;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length || this.completesAt(at)) {
      if (this.skipping > 0) {
        this.skipping--;
        at++;
      } else if (this.type === '' && this.missing === 0 && this.body === null) at = this.readHead(chunk, at);
      else at = this.readBody(chunk, at);
    }
  }

  /** A message without a body is complete with its head. */
  private completesAt(_at: number): boolean {
    return this.missing === 0 && this.body !== null;
  }

  private readHead(chunk: Buffer, at: number): number {
    const size = this.lettered ? 5 : 4;
    const taken = Math.min(size - this.head.length, chunk.length - at);
    this.head = Buffer.concat([this.head, chunk.subarray(at, at + taken)]);
    if (this.head.length === size) {
      this.type = this.lettered ? String.fromCharCode(this.head[0] ?? 0) : '';
      this.missing = this.head.readInt32BE(size - 4) - 4;
      this.body = [];
      this.head = Buffer.alloc(0);
    }
    return at + taken;
  }

  private readBody(chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + this.missing);
    if (part.length > 0 && this.keep(this.type)) this.body?.push(part);
    this.missing -= part.length;
    const end = at + part.length;
    if (this.missing === 0) {
      const { type, body } = this;
      this.type = '';
      this.body = null;
      this.onMessage(type, Buffer.concat(body ?? []), end);
    }
    return end;
  }
}

const TLS_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/** Whether a client's first message asks for encryption, which is answered by one byte. */
export function asksForEncryption(body: Buffer): boolean {
  return body.length === 4 && [TLS_REQUEST, GSS_REQUEST].includes(body.readInt32BE(0));
}

export function cString(body: Buffer, from = 0): { text: string; next: number } {
  const end = body.indexOf(0, from);
  return { text: body.toString('utf8', from, end), next: end + 1 };
}

/** Portal, statement and the parameters of a Bind, as text. */
export function readBind(body: Buffer): { portal: string; statement: string; values: string[] } {
  const portal = cString(body);
  const statement = cString(body, portal.next);
  let at = statement.next;
  at += 2 + 2 * body.readInt16BE(at); // formats
  const values: string[] = [];
  const count = body.readInt16BE(at);
  at += 2;
  for (let index = 0; index < count; index++) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? '' : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return { portal: portal.text, statement: statement.text, values };
}
