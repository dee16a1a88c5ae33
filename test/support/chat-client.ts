import { WebSocket } from 'ws';

// What a frame holds is what a test is about; it asserts on it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Frame = Record<string, any>;

/** A plain socket client that remembers what it was sent. */
export class ChatClient {
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | null = null;
  /** Set when the upgrade was refused. */
  refused: { status: number } | null = null;
  private waiting: (() => void)[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Frame);
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    socket.on('unexpected-response', (_request, response) => {
      this.refused = { status: response.statusCode ?? 0 };
      response.resume();
      this.wake();
    });
    socket.on('error', () => this.wake());
  }

  static connect(url: string, headers: Record<string, string> = {}): ChatClient {
    return new ChatClient(new WebSocket(url, { headers }));
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async open(): Promise<this> {
    await this.until(() => this.socket.readyState === WebSocket.OPEN, 5000);
    return this;
  }

  /** The next frame of this type after `from` (an index into `frames`). */
  next(type: string, options: { from?: number; ms?: number; where?: (frame: Frame) => boolean } = {}): Promise<Frame> {
    const find = () =>
      this.frames.slice(options.from ?? 0).find((frame) => frame['type'] === type && (options.where?.(frame) ?? true));
    return this.until(
      find,
      options.ms ?? 15_000,
      () => `no ${type}; got ${this.frames.map((frame) => frame['type']).join(' ')}`,
    );
  }

  /** Sends a message and waits for its end. */
  async ask(
    content: string,
    fields: Frame = {},
  ): Promise<{ frames: Frame[]; text: string; message: Frame | undefined; done: Frame; ack: Frame }> {
    const from = this.frames.length;
    this.send({ type: 'user_message', content, ...fields });
    const ack = await this.next('ack', { from });
    const done = await this.next('done', { from, ms: 60_000, where: (frame) => frame['turn_id'] === ack['turn_id'] });
    const frames = this.frames.slice(from);
    return { frames, ack, done, text: textOf(frames), message: frames.find((frame) => frame['type'] === 'message') };
  }

  async close(): Promise<{ code: number; reason: string }> {
    this.socket.close();
    return this.closing();
  }

  closing(ms = 15_000): Promise<{ code: number; reason: string }> {
    return this.until(
      () => this.closed ?? undefined,
      ms,
      () => 'the socket stayed open',
    );
  }

  private wake(): void {
    for (const check of this.waiting) check();
  }

  private until<T>(probe: () => T | undefined | false, ms: number, complaint = () => 'it did not happen'): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(() => reject(new Error(complaint()))), ms);
      const finish = (then: () => void) => {
        clearTimeout(timer);
        this.waiting = this.waiting.filter((entry) => entry !== check);
        then();
      };
      const check = () => {
        const value = probe();
        if (value !== undefined && value !== false) finish(() => resolve(value));
        else if (this.closed !== null || this.refused !== null)
          setImmediate(() => this.settleClosed(probe, finish, resolve, reject));
      };
      this.waiting.push(check);
      check();
    });
  }

  private settleClosed<T>(
    probe: () => T | undefined | false,
    finish: (then: () => void) => void,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): void {
    const value = probe();
    if (value !== undefined && value !== false) finish(() => resolve(value));
    else {
      const how = this.refused === null ? `closed with ${this.closed?.code}` : `refused with ${this.refused.status}`;
      finish(() =>
        reject(new Error(`the socket was ${how}; got ${this.frames.map((frame) => frame['type']).join(' ')}`)),
      );
    }
  }
}

/** The text as the contract says a client puts it together. */
export function textOf(frames: readonly Frame[]): string {
  let text = '';
  for (const frame of frames) if (frame['type'] === 'token') text = text.slice(0, frame['offset']) + frame['content'];
  return text;
}
