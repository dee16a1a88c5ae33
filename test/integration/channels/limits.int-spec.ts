import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionService } from '#auth';
import { ChatApp, type Person } from './chat-app.js';

/** What a socket does with peers that send too much, read too little, or are not there any more. */
describe('the limits of a socket', () => {
  let app: ChatApp;
  let person: Person;
  beforeAll(async () => {
    app = await ChatApp.start();
    person = await app.person();
  }, 60_000);
  afterAll(() => app.stop());

  it('a frame of 64 KiB is read, one byte more closes with 1009', async () => {
    const client = await app.chat(person);
    client.send('x'.repeat(64 * 1024));
    expect(await client.next('error')).toMatchObject({ code: 'INVALID_INPUT' });
    client.send('x'.repeat(64 * 1024 + 1));
    expect(await client.end()).toMatchObject({ code: 1009 });
  });

  it('a frame of 100 MiB is refused by its head and costs nothing', async () => {
    const before = process.memoryUsage.rss();
    const raw = await rawSocket(app, person);
    const head = Buffer.alloc(14);
    head.writeUInt8(0x81, 0);
    head.writeUInt8(0x80 | 127, 1);
    head.writeBigUInt64BE(100n * 1024n * 1024n, 2);
    raw.write(head);
    await new Promise((resolve) => raw.once('close', resolve));
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024);
  });

  it('binary closes with 1003, bad UTF-8 with 1007, an unmasked frame with 1002', async () => {
    const binary = await app.chat(person);
    binary.send(Buffer.from('{"type":"ping"}'));
    expect(await binary.end()).toMatchObject({ code: 1003 });
    const garbled = await app.chat(person);
    garbled.socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect(await garbled.end()).toMatchObject({ code: 1007 });
    const raw = await rawSocket(app, person);
    const answer = bytesOf(raw);
    raw.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]));
    expect((await answer).includes(Buffer.from([0x03, 0xea]))).toBe(true);
  });

  it('a message of endless fragments closes the socket', async () => {
    const client = await app.chat(person);
    for (let n = 0; n < 400; n++) client.socket.send('x', { fin: false });
    expect((await client.end()).code).toBe(1008);
  });

  it('never negotiates compression', async () => {
    const client = await app.socket(`/ws/chat?token=${person.token}`, { perMessageDeflate: true });
    await client.next('ready');
    expect(client.socket.extensions).toBe('');
    await client.close();
  });

  it('a flood of bad frames closes with 1008, a handful does not', async () => {
    const client = await app.chat(person);
    for (let n = 0; n < 20; n++) client.send('{');
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(client.of('error')).toHaveLength(20);
    for (let n = 0; n < 100; n++) client.send('{');
    expect(await client.end()).toMatchObject({ code: 1008 });
    expect(client.of('error').at(-1)).toMatchObject({ code: 'RATE_LIMIT' });
  });

  it('a thousand frames in a moment are slowed down, and close with 1008 after the answers to what was read', async () => {
    const client = await app.chat(person);
    for (let n = 0; n < 1000; n++) client.send({ type: 'ping', ref: `${n}` });
    expect(await client.end(10_000)).toMatchObject({ code: 1008 });
    const answered = client.frames.slice(1, -1).map((frame) => frame['ref']);
    expect(answered).toEqual(answered.map((_, n) => `${n}`));
    expect(client.of('pong').length).toBeLessThan(500);
    expect(client.frames.at(-1)).toMatchObject({ code: 'RATE_LIMIT', scope: 'connection' });
  }, 15_000);

  it('a burst of messages is answered one by one, with an ack or with what is wrong', async () => {
    const client = await app.chat(person);
    const messages = Array.from({ length: 150 }, (_, n) => ({
      content: `echo ${n}`,
      client_message_id: crypto.randomUUID(),
      ref: `${n}`,
      ...(n % 3 === 0 ? {} : { session_id: 'one' }),
    }));
    for (const message of messages) client.send(message);
    const answers = () => client.frames.filter((frame) => frame.type === 'ack' || frame['scope'] === 'frame');
    await client.until(() => answers().length === messages.length, '150 answers', 30_000);
    expect(answers().map((frame) => frame['ref'])).toEqual(messages.map(({ ref }) => ref));
    expect(answers().filter((frame) => frame.type === 'ack').length).toBeGreaterThan(50);
    expect(client.closed).toBeNull();
    await client.close();
  }, 40_000);

  it('a flood of frames costs no memory, however fast it is sent', async () => {
    const client = await app.chat(person);
    const before = process.memoryUsage.rss();
    const frame = JSON.stringify({
      type: 'abort',
      turn_id: crypto.randomUUID(),
      ref: 'x'.repeat(64),
      conversation_id: 'k',
    });
    for (let n = 0; n < 60_000 && client.closed === null; n++) {
      client.send(frame);
      if (n % 1000 === 0) await sleep(1);
    }
    expect(await client.end(15_000)).toMatchObject({ code: 1008 });
    // Client and server share this process: what the client still holds of its 12 MB is part of it.
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  }, 30_000);

  it('a ping is answered, a flood of them closes with 1008, with or without a token', async () => {
    for (const path of [`/ws/chat?token=${person.token}`, '/ws/chat']) {
      const client = await app.socket(path);
      const answered = new Promise<string>((resolve) =>
        client.socket.once('pong', (data: Buffer) => resolve(data.toString())),
      );
      client.socket.ping('still there?');
      expect(await answered).toBe('still there?');
      for (let n = 0; n < 1000; n++) client.socket.ping();
      expect((await client.end()).code).toBe(1008);
    }
  });

  it('frames that are sent before the token is known are held only so far', async () => {
    const client = await app.socket();
    for (let n = 0; n < 20; n++) client.send({ content: 'x'.repeat(15_000), metadata: { n } });
    expect(client.closed).toBeNull();
    for (let n = 0; n < 60; n++) client.send({ content: 'x'.repeat(15_000), metadata: { n } });
    expect(await client.end()).toMatchObject({ code: 1008 });
  });

  it('a reader that does not read is closed with 1013, and the turn goes on for the others', async () => {
    const [slow, quick] = [await app.chat(person), await app.chat(person)];
    quick.send({ content: 'echo start' });
    const { conversation_id } = await quick.next('done');
    slow.send({ type: 'resume', conversation_id });
    await slow.next('context_restored');
    slow.socket.pause();
    quick.send({ content: 'flood 4000', conversation_id });
    await quick.next('done', undefined, 20_000);
    expect(quick.text(quick.of('ack').at(-1)?.['turn_id'])).toHaveLength(4000 * 4096);
    slow.socket.resume();
    expect(await slow.end(10_000)).toMatchObject({ code: 1013 });
    const got = slow.of('token').length;
    expect(got).toBeLessThan(4000);
    const back = await app.chat(person);
    back.send({ type: 'resume', conversation_id, after_seq: slow.frames.at(-1)?.['seq'] });
    // Sixteen megabytes take their time on a busy machine.
    const whole = await back.next('message', ({ role }) => role === 'assistant', 20_000);
    expect(String(whole['content'])).toHaveLength(4000 * 4096);
    await Promise.all([back.close(), quick.close()]);
  }, 60_000);

  it.each([
    ['/ws/other/deeper', 404],
    ['/other', 404],
    ['/ws/users/x/status', 404],
    ['/', 404],
  ])('no socket is served at %s', async (path, status) => {
    expect((await app.socket(path)).refused?.status).toBe(status);
  });

  it('a request of 300 headers is refused', async () => {
    const headers = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-h${n}`, '1']));
    expect((await app.socket('/ws/chat', { headers })).refused?.status).toBe(431);
  });

  it('a fault behind it is said, and costs neither the socket nor its secrets', async () => {
    const client = await app.chat(person);
    const sessions = app.app.get(SessionService);
    const broken = jest.spyOn(sessions, 'assertAlive').mockRejectedValueOnce(new Error('postgres://u:pw@db is away'));
    client.send({ content: 'echo x', ref: 'r' });
    const error = await client.next('error');
    expect(error).toMatchObject({ scope: 'frame', code: 'INTERNAL', retryable: true, ref: 'r' });
    expect(JSON.stringify(error)).not.toContain('postgres');
    broken.mockRestore();
    client.send({ content: 'echo x' });
    await client.next('done');
    await client.close();
  });
});

describe('the heartbeat of a socket', () => {
  it('drops a peer that answers no pings, and no other', async () => {
    const app = await ChatApp.start({ WS_HEARTBEAT_SECONDS: '1' });
    try {
      const person = await app.person();
      const gone = await app.socket(`/ws/chat?token=${person.token}`, { autoPong: false });
      const there = await app.chat(person);
      await gone.next('ready');
      const startedAt = Date.now();
      await gone.end(8000);
      expect(Date.now() - startedAt).toBeGreaterThan(1500);
      there.send({ type: 'ping' });
      await there.next('pong');
    } finally {
      await app.stop();
    }
  }, 60_000);
});

describe('a server that stops', () => {
  it('says so, takes nothing new, finishes what runs, closes with 1012, and only then is gone', async () => {
    const app = await ChatApp.start();
    const person = await app.person();
    const [client, idle] = [await app.chat(person), await app.chat(person)];
    client.send({ content: 'hold on' });
    const { conversation_id } = await client.next('token');
    const events = await app.fetch(`/api/${person.slug}/conversations/${String(conversation_id)}/events`, {
      token: person.token,
    });
    const streamed = events.text();
    const stopped = app.app.close();
    await client.next('server_draining');
    await idle.next('server_draining');
    idle.send({ content: 'echo too late', ref: 'late' });
    expect(await idle.next('error')).toMatchObject({ code: 'DRAINING', retryable: true, ref: 'late' });
    expect((await app.socket()).refused?.status).toBe(503);
    await sleep(200);
    expect(client.closed).toBeNull();
    app.runtime.release();
    expect(await client.next('done')).toMatchObject({ status: 'completed' });
    expect(await client.end()).toMatchObject({ code: 1012 });
    expect(await idle.end()).toMatchObject({ code: 1012 });
    expect(await streamed).toContain('event: server_draining');
    await stopped;
    await app.stop();
  }, 60_000);

  it('leaves a turn that does not finish in time to another server: no end is told here', async () => {
    const app = await ChatApp.start();
    const person = await app.person();
    const client = await app.chat(person);
    client.send({ content: 'hang on' });
    await client.next('token');
    await app.drain.drain(100);
    expect(await client.end()).toMatchObject({ code: 1012 });
    expect(client.of('error')).toEqual([]);
    expect(client.of('done')).toEqual([]);
    const [turn] = await app.database.uow.query<{ status: string; over: boolean }>(
      person,
      'SELECT status, lease_until < clock_timestamp() AS over FROM app.turn WHERE tenant_id = $1 AND principal_id = $2',
      [person.tenantId, person.id],
    );
    expect(turn).toEqual({ status: 'running', over: true });
    await app.stop();
  }, 60_000);
});

/** A socket after its handshake, without a client library that would refuse to misbehave. */
async function rawSocket(app: ChatApp, person: Person): Promise<Socket> {
  const [host = '', port] = app.address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  socket.write(
    [
      'GET /ws/chat HTTP/1.1',
      `Host: ${app.address}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Authorization: Bearer ${person.token}`,
      '\r\n',
    ].join('\r\n'),
  );
  await new Promise((resolve) => socket.once('data', resolve));
  return socket;
}

function bytesOf(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  return new Promise((resolve) => socket.once('close', () => resolve(Buffer.concat(parts))));
}
