import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before one address whose connections a test may cut, refuse, or let stand without carrying anything. */
export class SeverableProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  /** What the clients said first, one text for each connection. */
  readonly openings: string[] = [];
  private mode: 'open' | 'refusing' | 'black hole' = 'open';

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  static async before(url: string, defaultPort: number): Promise<SeverableProxy> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SeverableProxy(server, { host: hostname, port: port === '' ? defaultPort : Number(port) });
  }

  /** The address, through the proxy. */
  through(url: string): string {
    const address = new URL(url);
    address.hostname = '127.0.0.1';
    address.port = String((this.server.address() as AddressInfo).port);
    return address.href;
  }

  /** Ends every connection and refuses new ones until `restore`. */
  sever(): void {
    this.mode = 'refusing';
    this.drop();
  }

  /** Connections stand, new ones are taken, and no byte passes until `restore`. */
  blackHole(): void {
    this.mode = 'black hole';
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  /** New connections work. Those that the black hole had swallowed stay dead, as after a lost route. */
  restore(): void {
    this.mode = 'open';
  }

  async stop(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private drop(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    this.pairs.clear();
  }

  private accept(near: Socket): void {
    if (this.mode === 'refusing') {
      near.on('error', () => undefined);
      near.destroy();
      return;
    }
    const far = connect(this.target);
    const pair = [near, far] as const;
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    if (this.mode === 'black hole') {
      near.pause();
      return;
    }
    near.once('data', (bytes) => this.openings.push(bytes.toString('latin1')));
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => near.write(bytes));
  }
}
