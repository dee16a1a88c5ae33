import { type AddressInfo, createServer, connect, type Server, type Socket } from 'node:net';

/**
 * Stands between a program and its database, and fails it in the ways a network does. A connection that was swallowed
 * stays so after `heal`, as behind a router that forgot it: only new ones get through.
 */
export class CutOffProxy {
  private readonly pairs = new Set<{ readonly near: Socket; readonly far: Socket; swallowed: boolean }>();
  private mode: 'pass' | 'swallow' | 'refuse' = 'pass';
  /** How many connections the program opened. */
  opened = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(databaseUrl: string): Promise<CutOffProxy> {
    const target = new URL(databaseUrl);
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const near = new URL(databaseUrl);
    near.hostname = '127.0.0.1';
    near.port = String((server.address() as AddressInfo).port);
    const proxy = new CutOffProxy(server, near.href);
    server.on('connection', (socket) => proxy.accept(socket, Number(target.port || 5432), target.hostname));
    return proxy;
  }

  /** From here on nothing goes through in either direction, and nobody is told. */
  swallow(): void {
    this.mode = 'swallow';
    for (const pair of this.pairs) pair.swallowed = true;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Cuts, and turns new connections away. */
  refuse(): void {
    this.mode = 'refuse';
    this.cut();
  }

  heal(): void {
    this.mode = 'pass';
  }

  async close(): Promise<void> {
    for (const { near, far } of this.pairs) {
      near.destroy();
      far.destroy();
    }
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: Socket, port: number, host: string): void {
    near.on('error', () => undefined);
    if (this.mode === 'refuse') return void near.resetAndDestroy();
    this.opened++;
    const far = connect({ port, host, noDelay: true });
    const pair = { near, far, swallowed: this.mode === 'swallow' };
    this.pairs.add(pair);
    far.on('error', () => near.destroy());
    near.on('data', (chunk) => pair.swallowed || far.write(chunk));
    far.on('data', (chunk) => pair.swallowed || near.write(chunk));
    // A swallowed end is not told either.
    near.on('close', () => {
      if (!pair.swallowed) far.destroy();
    });
    far.on('close', () => {
      if (!pair.swallowed) near.destroy();
    });
  }
}
