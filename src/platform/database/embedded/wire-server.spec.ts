import { connect, type Socket } from 'node:net';
import { WireServer, type WireEngine } from './wire-server.js';
import { cString, int32, message, queryMessage, readBackendMessages, readErrorFields } from './wire-format.js';

/** A database that understands BEGIN, COMMIT and ROLLBACK, and writes down everything else. */
class ScriptedEngine implements WireEngine {
  readonly executed: string[] = [];
  private status = 'I';

  execute(messages: Buffer): Buffer {
    if (messages[0] === 0) return message('S', cString('server_version'), cString('18'));
    const sql =
      messages[0] === 0x51 ? messages.toString('utf8', 5, messages.length - 1) : String.fromCharCode(messages[0]!);
    if (sql === 'BEGIN') this.status = 'T';
    if (sql === 'COMMIT' || sql === 'ROLLBACK') this.status = 'I';
    this.executed.push(sql);
    return Buffer.concat([message('C', cString(sql)), message('Z', Buffer.from(this.status))]);
  }
}

/** A client that is only as polite as the test wants it to be. */
class RawClient {
  private received = Buffer.alloc(0);
  private readonly socket: Socket;
  closed = false;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port });
    this.socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk as Buffer])));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.closed = true));
    const body = Buffer.concat([int32(196608), cString('user'), cString('postgres'), Buffer.from([0])]);
    this.socket.write(Buffer.concat([int32(body.length + 4), body]));
  }

  logIn(): this {
    this.socket.write(message('p', cString('secret')));
    return this;
  }

  send(...sql: string[]): void {
    this.socket.write(Buffer.concat(sql.map(queryMessage)));
  }

  destroy(): void {
    this.socket.destroy();
  }

  answers(): string[] {
    return readBackendMessages(this.received)
      .filter(({ type }) => type === 'C')
      .map(({ body }) => body.toString('utf8', 0, body.length - 1));
  }

  errorCode(): string | undefined {
    const error = readBackendMessages(this.received).find(({ type }) => type === 'E');
    return error && readErrorFields(error.body).get('C');
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('WireServer', () => {
  let server: WireServer;
  let engine: ScriptedEngine;
  let clients: RawClient[];
  let lines: string[];

  async function serve(idleInTransactionMs = 60_000, open = true): Promise<() => RawClient> {
    clients = [];
    lines = [];
    engine = new ScriptedEngine();
    server = new WireServer({
      password: 'secret',
      maxConnections: 10,
      idleInTransactionMs,
      log: (line) => lines.push(line),
    });
    const port = await server.listen();
    if (open) server.open(engine);
    return () => {
      const client = new RawClient(port);
      clients.push(client);
      return client;
    };
  }

  afterEach(async () => {
    await server.close();
    for (const client of clients) client.destroy();
    server.stopListening();
  });

  it('turns clients away until the database is open', async () => {
    const connectClient = await serve(60_000, false);
    const client = connectClient();
    await until(() => client.closed);
    expect(client.errorCode()).toBe('57P03');
  });

  it('executes nothing of a client that has not given the password', async () => {
    const connectClient = await serve();
    const client = connectClient();
    client.send('SELECT 1');
    await until(() => client.closed);
    expect(client.errorCode()).toBe('08P01');
    expect(engine.executed).toEqual([]);
  });

  it('lets nobody into a transaction, and serves those who waited in the order they came', async () => {
    const connectClient = await serve();
    const [a, b, c] = [connectClient().logIn(), connectClient().logIn(), connectClient().logIn()];
    a.send('BEGIN');
    await until(() => a.answers().length === 1);
    b.send('b1', 'b2');
    await until(() => !server.idle);
    await new Promise((resolve) => setTimeout(resolve, 50));
    c.send('c1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(engine.executed).toEqual(['BEGIN']);
    a.send('a1', 'COMMIT');
    await until(() => b.answers().length === 2 && c.answers().length === 1);
    expect(engine.executed).toEqual(['BEGIN', 'a1', 'COMMIT', 'b1', 'c1', 'b2']);
  });

  it('rolls back for a client that is gone, and drops what it had not yet had executed', async () => {
    const connectClient = await serve();
    const [a, b, c] = [connectClient().logIn(), connectClient().logIn(), connectClient().logIn()];
    a.send('BEGIN');
    await until(() => a.answers().length === 1);
    b.send('b1');
    c.send('c1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    b.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    a.destroy();
    await until(() => c.answers().length === 1);
    expect(engine.executed).toEqual(['BEGIN', 'S', 'ROLLBACK', 'c1']);
  });

  it('ends a transaction that is idle while others wait, but leaves it alone when nobody does', async () => {
    const connectClient = await serve(100);
    const [a, b] = [connectClient().logIn(), connectClient().logIn()];
    a.send('BEGIN');
    await new Promise((resolve) => setTimeout(resolve, 400));
    a.send('a1');
    await until(() => a.answers().length === 2);
    b.send('b1');
    await until(() => b.answers().length === 1);
    expect(a.errorCode()).toBe('25P03');
    expect(engine.executed).toEqual(['BEGIN', 'a1', 'S', 'ROLLBACK', 'b1']);
    expect(lines).toHaveLength(1);
  });

  it('runs maintenance between turns, before those that wait', async () => {
    const connectClient = await serve();
    const [a, b] = [connectClient().logIn(), connectClient().logIn()];
    a.send('BEGIN');
    await until(() => a.answers().length === 1);
    b.send('b1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const vacuum = server.runAsOwner('VACUUM');
    a.send('COMMIT');
    await vacuum;
    await until(() => b.answers().length === 1);
    expect(engine.executed).toEqual(['BEGIN', 'COMMIT', 'VACUUM', 'b1']);
  });

  it('says goodbye when it closes, and then turns clients away', async () => {
    const connectClient = await serve();
    const a = connectClient().logIn();
    a.send('BEGIN');
    await until(() => a.answers().length === 1);
    await server.close();
    await until(() => a.closed);
    expect(a.errorCode()).toBe('57P01');
    expect(engine.executed).toEqual(['BEGIN', 'S', 'ROLLBACK']);
    const late = connectClient();
    await until(() => late.closed);
    expect(late.errorCode()).toBe('57P03');
  });
});
