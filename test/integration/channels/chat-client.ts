import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_FRAMES } from '#channels';
import { WebSocket } from 'ws';

export type Frame = Record<string, never> & Record<string, unknown> & { readonly type: string };

/** A socket as a client program sees it: every frame in order, and how it ended. */
export class ChatClient {
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | null = null;
  /** The HTTP answer, when the socket was refused before it opened. */
  refused: { status: number; body: string } | null = null;
  opened = false;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.receive(JSON.parse(data.toString()) as Frame));
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('open', () => (this.opened = true));
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString()));
      response.on('end', () => {
        this.refused = { status: response.statusCode ?? 0, body };
        socket.terminate();
      });
    });
  }

  /** Opens a socket and waits until it is open or refused. */
  static async open(
    url: string,
    options: { headers?: Record<string, string>; autoPong?: boolean; perMessageDeflate?: boolean } = {},
  ): Promise<ChatClient> {
    const client = new ChatClient(new WebSocket(url, { perMessageDeflate: false, ...options }));
    await client.until(() => client.opened || client.refused !== null || client.closed !== null, 'open or refused');
    return client;
  }

  /** Whatever a test looks at, every frame is what the contract says it is. */
  private receive(frame: Frame): void {
    const schema = SERVER_FRAMES[frame.type as keyof typeof SERVER_FRAMES];
    const parsed = schema?.safeParse(frame);
    if (parsed?.success === true) this.frames.push(frame);
    else this.broken.push(`${JSON.stringify(frame).slice(0, 200)}: ${parsed?.error.message ?? 'an unknown type'}`);
  }
  private readonly broken: string[] = [];

  send(frame: object | string | Buffer): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** Waits for a frame that was not looked for before; gives it and everything up to it. */
  async next(type: string, where: (frame: Frame) => boolean = () => true, ms = 5000): Promise<Frame> {
    const from = this.seen;
    let at = -1;
    await this.until(
      () => {
        at = this.frames.findIndex((frame, index) => index >= from && frame.type === type && where(frame));
        return at >= 0;
      },
      `a frame "${type}"`,
      ms,
    );
    this.seen = at + 1;
    return this.frames[at] as Frame;
  }

  private seen = 0;

  of(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** The answer as the contract says to put it together. */
  text(turnId?: unknown): string {
    return this.of('token')
      .filter((frame) => turnId === undefined || frame['turn_id'] === turnId)
      .reduce((text, frame) => text.slice(0, Number(frame['offset'])) + String(frame['content']), '');
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.until(() => this.closed !== null, 'close');
  }

  async end(ms = 5000): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== null, 'the socket to be closed', ms);
    return this.closed as unknown as { code: number; reason: string };
  }

  async until(condition: () => boolean, what: string, ms = 5000): Promise<void> {
    const giveUpAt = Date.now() + ms;
    while (!condition()) {
      if (this.broken.length > 0) throw new Error(`a frame against the contract: ${this.broken[0]}`);
      if (Date.now() > giveUpAt) {
        const got = this.frames.map((frame) => JSON.stringify(frame).slice(0, 160)).slice(-12);
        throw new Error(`waited ${ms} ms for ${what}; closed: ${JSON.stringify(this.closed)}; got\n${got.join('\n')}`);
      }
      await sleep(5);
    }
  }
}
