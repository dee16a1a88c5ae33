import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A cable that a test can damage while it is in use:
 *
 *   program ── Link ── server          pass         bytes go through untouched
 *              ├─ up: Lane             delay(ms)    later, in order
 *              └─ down: Lane           stall        kept, and handed on with the next `pass` or `delay`
 *                                      blackHole    swallowed; neither end hears of it, nor that the other closed
 *   cut()   every connection is reset, new ones are taken
 *   down()  … and new ones are refused, until up()
 */
export type Mode = 'pass' | 'stall' | 'blackHole' | { readonly delay: number };

export class TcpProxy {
  protected readonly links = new Set<Link>();
  private readonly server: Server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  private mode: Mode = 'pass';
  private port = 0;
  private readonly target: URL;

  constructor(target: string) {
    this.target = new URL(target);
  }

  static async start(target: string): Promise<TcpProxy> {
    return new TcpProxy(target).listen();
  }

  /** The target's address with this proxy's host and port in it. */
  get url(): string {
    const url = new URL(this.target.href);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  get connections(): number {
    return this.links.size;
  }

  pass(): void {
    this.enter('pass');
  }
  delay(ms: number): void {
    this.enter({ delay: ms });
  }
  stall(): void {
    this.enter('stall');
  }
  /** What was swallowed is gone: connections that lived through it are dead for good, as behind a firewall that forgot them. */
  blackHole(): void {
    this.enter('blackHole');
  }
  cut(): void {
    for (const link of this.links) link.destroy();
  }

  async down(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.cut();
    await closed;
  }

  async up(): Promise<void> {
    await this.listen();
  }

  /** Whatever was done to it is undone. */
  async restore(): Promise<void> {
    this.pass();
    if (!this.server.listening) await this.up();
  }

  async stop(): Promise<void> {
    if (this.server.listening) await this.down();
    else this.cut();
  }

  protected async listen(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const address = this.server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
    return this;
  }

  /** What a protocol's own proxy looks at, or keeps back. */
  protected filters(_link: Link): Filters {
    return {};
  }

  private enter(mode: Mode): void {
    this.mode = mode;
    for (const link of this.links) link.enter(mode);
  }

  private accept(client: Socket): void {
    const host = this.target.hostname.replace(/^\[|\]$/g, '');
    const server = connect({ port: Number(this.target.port), host, noDelay: true });
    const link = new Link(client, server, () => this.links.delete(link));
    this.links.add(link);
    link.start(this.filters(link), this.mode);
  }
}

export interface Filters {
  /** Sees what one end sent and returns what the other is to get. */
  readonly up?: (chunk: Buffer) => Buffer;
  readonly down?: (chunk: Buffer) => Buffer;
}

/** One connection through the proxy. */
export class Link {
  /** Bytes of it were swallowed. */
  private dead = false;
  private mode: Mode = 'pass';
  private lanes: { readonly up: Lane; readonly down: Lane } | null = null;

  constructor(
    readonly client: Socket,
    readonly server: Socket,
    private readonly onGone: () => void,
  ) {}

  start(filters: Filters, mode: Mode): void {
    const up = new Lane(this.client, this.server, filters.up);
    const down = new Lane(this.server, this.client, filters.down);
    this.lanes = { up, down };
    for (const lane of [up, down]) {
      lane.from.on('data', (chunk: Buffer) => lane.offer(chunk));
      lane.from.on('error', () => undefined);
      lane.from.on('close', () => this.closed(lane));
    }
    this.enter(mode);
  }

  enter(mode: Mode): void {
    if (this.dead && mode !== 'blackHole') {
      this.destroy();
      return;
    }
    this.mode = mode;
    if (mode === 'blackHole') this.dead = true;
    for (const lane of this.lanes === null ? [] : [this.lanes.up, this.lanes.down]) {
      lane.enter(mode);
      if (lane.from.destroyed) this.closed(lane);
    }
  }

  destroy(): void {
    for (const socket of [this.client, this.server]) reset(socket);
    this.onGone();
  }

  /** Ends the client's side behind what has been written to it, and the server's at once. */
  hangUp(): void {
    this.client.end();
    this.server.destroy();
  }

  /** One end has closed: the other hears of it behind the bytes that are still on their way. */
  private closed(lane: Lane): void {
    if (this.client.destroyed && this.server.destroyed) this.onGone();
    else if (this.mode !== 'blackHole') lane.finish();
  }
}

/** One direction of a connection. */
class Lane {
  private mode: Mode = 'pass';
  private readonly kept: Buffer[] = [];
  private timers = 0;
  private finishing = false;

  constructor(
    readonly from: Socket,
    private readonly to: Socket,
    private readonly filter: ((chunk: Buffer) => Buffer) | undefined,
  ) {}

  offer(chunk: Buffer): void {
    if (this.mode === 'blackHole') return;
    const bytes = this.filter === undefined ? chunk : this.filter(chunk);
    if (bytes.length === 0) return;
    // Whatever waits goes first, so that a change of mode never changes the order.
    if (this.mode === 'pass' && this.kept.length === 0) {
      this.write(bytes);
      return;
    }
    this.kept.push(bytes);
    if (typeof this.mode === 'object') this.sendLater(this.mode.delay);
  }

  enter(mode: Mode): void {
    this.mode = mode;
    if (mode === 'blackHole') this.kept.length = 0;
    else if (mode === 'pass') this.flush();
    else if (typeof mode === 'object')
      for (let n = this.kept.length - this.timers; n > 0; n--) this.sendLater(mode.delay);
  }

  finish(): void {
    this.finishing = true;
    if (this.kept.length === 0 && !this.to.destroyed) this.to.end();
  }

  private sendLater(ms: number): void {
    this.timers++;
    setTimeout(() => {
      this.timers--;
      if (this.mode === 'stall') return;
      const next = this.kept.shift();
      if (next !== undefined) this.write(next);
      this.drained();
    }, ms);
  }

  private flush(): void {
    for (let next = this.kept.shift(); next !== undefined; next = this.kept.shift()) this.write(next);
    this.drained();
  }

  private drained(): void {
    if (this.finishing) this.finish();
  }

  private write(bytes: Buffer): void {
    if (this.to.destroyed || this.to.write(bytes)) return;
    this.from.pause();
    this.to.once('drain', () => this.from.resume());
  }
}

/**
 * Ends a connection by RST, now. Node's own `resetAndDestroy` first waits until everything is written (which a peer that does
 * not read never lets happen) and shuts down; and when the peer's own reset comes in between, its handle is closed by nobody
 * and the process spins at its end (libuv refuses to reset what is shutting down, Node 20 takes it for closed).
 */
function reset(socket: Socket): void {
  const shutting = socket.writableEnded && !socket.writableFinished;
  if (!socket.connecting && !shutting) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
