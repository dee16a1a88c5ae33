import { randomBytes, randomInt } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageReader } from './postgres-wire.js';
import { PostgresProxy, running } from './postgres-proxy.js';
import { eventually } from './waiting.js';

/** A message with its letter and length. */
function message(letter: string, body: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(letter.length + 4);
  head.write(letter);
  head.writeInt32BE(bytes.length + 4, letter.length);
  return Buffer.concat([head, bytes]);
}
const startup = message('', Buffer.from('\0\x03\0\0user\0postgres\0\0'));
const query = (text: string) => message('Q', `${text}\0`);
const ready = message('Z', 'I');
const complete = (tag: string) => Buffer.concat([message('C', `${tag}\0`), ready]);

/** Everything a socket gets, to be compared byte by byte. */
function collect(socket: Socket): { bytes: () => Buffer } {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  return { bytes: () => Buffer.concat(parts) };
}

async function writeInPieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const size = randomInt(1, 9000);
    socket.write(bytes.subarray(at, at + size));
    at += size;
    if (randomInt(4) === 0) await sleep(1);
  }
}

describe('the proxy before Postgres', () => {
  let backend: Server;
  let proxy: PostgresProxy;
  let accepted: Promise<Socket>;
  beforeEach(async () => {
    backend = createServer();
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    accepted = once(backend, 'connection').then(([socket]) => socket as Socket);
    const address = backend.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    proxy = await PostgresProxy.start(`postgres://postgres@127.0.0.1:${address.port}/postgres`);
  });
  afterEach(async () => {
    await proxy.stop();
    backend.close();
  });

  async function ends(): Promise<{ client: Socket; server: Socket }> {
    const client = connect({ port: Number(new URL(proxy.url).port), host: '127.0.0.1', noDelay: true });
    const server = await accepted;
    for (const socket of [client, server]) socket.on('error', () => undefined);
    return { client, server };
  }

  it('passes both directions byte for byte, however they are cut into pieces', async () => {
    const { client, server } = await ends();
    const [atServer, atClient] = [collect(server), collect(client)];
    const long = () => randomBytes(randomInt(0, 30_000));
    const sent = Buffer.concat([startup, ...Array.from({ length: 60 }, () => message('d', long()))]);
    const answered = Buffer.concat(Array.from({ length: 60 }, () => Buffer.concat([message('D', long()), ready])));
    await Promise.all([writeInPieces(client, sent), writeInPieces(server, answered)]);
    await eventually(() => atServer.bytes().length >= sent.length && atClient.bytes().length >= answered.length, 'all');
    expect(atServer.bytes().equals(sent)).toBe(true);
    expect(atClient.bytes().equals(answered)).toBe(true);
  });

  it.each([1, 3, 1000])('loses exactly the reply to the COMMIT (in pieces of %i bytes)', async (size) => {
    const { client, server } = await ends();
    const [atServer, atClient] = [collect(server), collect(client)];
    const { lost } = proxy.loseCommit(running('turn_settle'));
    const asked = [
      startup,
      query('BEGIN; SET LOCAL ROLE x'),
      message('P', 'turn_settle\0SELECT 1\0\0\0'),
      message('B', '\0turn_settle\0\0\0\0\x01\0\0\0\x04f00d\0\0'),
      message('E', '\0\0\0\0\0'),
      message('S'),
      query('COMMIT'),
    ];
    client.write(Buffer.concat(asked));
    await eventually(() => atServer.bytes().equals(Buffer.concat(asked)), 'the COMMIT to arrive');
    const before = Buffer.concat([message('R', '\0\0\0\0'), ready, complete('SET'), complete('SELECT 1')]);
    const replies = Buffer.concat([before, complete('COMMIT')]);
    for (let at = 0; at < replies.length; at += size) {
      server.write(replies.subarray(at, at + size));
      await sleep(1);
    }
    expect(await lost).toMatchObject({ names: ['turn_settle'], values: ['f00d'] });
    await eventually(() => client.destroyed, 'the end');
    expect(atClient.bytes().equals(before)).toBe(true);
  });

  it('lets a COMMIT that rolled back, and other transactions, answer', async () => {
    const { client, server } = await ends();
    const atClient = collect(client);
    proxy.loseCommit(running('turn_settle'));
    client.write(Buffer.concat([startup, query('BEGIN'), query('SELECT other'), query('COMMIT')]));
    client.write(Buffer.concat([query('BEGIN'), query('SELECT turn_settle'), query('COMMIT')]));
    const replies = ['BEGIN', 'SELECT 1', 'COMMIT', 'BEGIN', 'SELECT 1', 'ROLLBACK'].map(complete);
    await sleep(20);
    const all = Buffer.concat([ready, ...replies]);
    await writeInPieces(server, all);
    await eventually(() => atClient.bytes().length === all.length, 'all replies');
    expect(atClient.bytes().equals(all)).toBe(true);
    expect(client.destroyed).toBe(false);
  });

  it('keeps bytes while it stalls, and hands them on in order', async () => {
    const { client, server } = await ends();
    const atServer = collect(server);
    proxy.stall();
    client.write(startup);
    client.write(query('SELECT 1'));
    await sleep(30);
    expect(atServer.bytes()).toHaveLength(0);
    proxy.delay(30);
    client.write(query('SELECT 2'));
    proxy.pass();
    client.write(query('SELECT 3'));
    const all = Buffer.concat([startup, query('SELECT 1'), query('SELECT 2'), query('SELECT 3')]);
    await eventually(() => atServer.bytes().length === all.length, 'the bytes');
    expect(atServer.bytes().equals(all)).toBe(true);
  });

  it('swallows in a black hole: the server hears nothing, not even that the client went away', async () => {
    const { client, server } = await ends();
    const atServer = collect(server);
    proxy.blackHole();
    client.write(startup);
    client.destroy();
    await sleep(50);
    expect([atServer.bytes().length, server.destroyed]).toEqual([0, false]);
    proxy.pass();
    await eventually(() => server.destroyed, 'the dead connection to go');
  });

  it('cuts, refuses, and serves again on the same port', async () => {
    const { client } = await ends();
    await proxy.down();
    await eventually(() => client.destroyed, 'the cut');
    const refused = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    expect(await once(refused, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
    await proxy.up();
    const back = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    await once(back, 'connect');
    back.destroy();
  });
});

it('finds the messages in any pieces', () => {
  const bytes = Buffer.concat([message('C', 'SELECT 1\0'), message('Z', 'I'), message('1'), message('Z', 'T')]);
  for (let size = 1; size <= bytes.length; size++) {
    const seen: string[] = [];
    const reader = new MessageReader(
      { lettered: true },
      (type) => type === 'Z',
      (type, body) => seen.push(`${type}${body.toString()}`),
    );
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    expect(seen).toEqual(['C', 'ZI', '1', 'ZT']);
  }
});
