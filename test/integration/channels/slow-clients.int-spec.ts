import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChatApp } from './chat-app.js';

/** Clients that send next to nothing for as long as they are let. */
describe('a client that is slow on purpose', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await ChatApp.start({ HTTP_MAX_PER_ADDRESS: '6', WS_MAX_PER_USER: '50' });
  }, 60_000);
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });
  afterAll(() => app.stop());

  const raw = async (head: string): Promise<{ socket: Socket; text: () => string; ended: Promise<unknown> }> => {
    const [host, port] = app.address.split(':');
    const socket = connect(Number(port), host);
    sockets.add(socket);
    socket.on('error', () => undefined);
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    await once(socket, 'connect');
    socket.write(head);
    return { socket, text: () => text, ended: once(socket, 'close') };
  };
  const head = (lines: string[]) =>
    `${['POST /api/auth/login HTTP/1.1', 'Host: 127.0.0.1', ...lines].join('\r\n')}\r\n`;
  const trickle = async (socket: Socket, piece: string): Promise<void> => {
    while (!socket.destroyed && socket.writable) {
      socket.write(piece);
      await sleep(1000);
    }
  };

  it('is answered with 408 when its headers or its body trickle, and others do not notice', async () => {
    const startedAt = Date.now();
    const json = 'Content-Type: application/json';
    const sized = await raw(`${head([json, 'Content-Length: 5000'])}\r\n{`);
    const chunked = await raw(`${head([json, 'Transfer-Encoding: chunked'])}\r\n1\r\n{\r\n`);
    const headers = await raw(head(['X-Slow: 1']));
    void trickle(sized.socket, ' ');
    void trickle(chunked.socket, '1\r\n \r\n');
    void trickle(headers.socket, 'X-More: 1\r\n');
    await sleep(3000);
    const asked = performance.now();
    expect((await app.call('/health/live')).status).toBe(200);
    expect(performance.now() - asked).toBeLessThan(2000);
    await Promise.all([sized.ended, chunked.ended]);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    for (const { text } of [sized, chunked]) {
      expect(text()).toMatch(/^HTTP\/1\.1 408 /);
      expect(text()).toContain('application/problem+json');
      expect(text()).toContain('Connection: close');
    }
    await headers.ended;
    expect(Date.now() - startedAt).toBeLessThan(35_000);
    expect(headers.text()).toMatch(/^HTTP\/1\.1 408 /);
  }, 60_000);

  it('takes nobody’s connection: of those that wait the oldest makes room', async () => {
    const waiting = [];
    for (let i = 0; i < 6; i++) waiting.push(await raw(i % 2 === 0 ? '' : 'GET /health/live HTTP/1.1\r\nHost: a\r\n'));
    const [host, port] = app.address.split(':');
    const client = connect(Number(port), host);
    client.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    let text = '';
    client.on('data', (data: Buffer) => (text += data.toString()));
    await once(client, 'close');
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    await waiting[0]?.ended;
    expect(waiting.filter(({ socket }) => socket.destroyed)).toHaveLength(1);
    for (const { socket } of waiting) socket.destroy();
    await sleep(50);
  });

  it('is refused with 429 beyond the connections that an address may have at work', async () => {
    const person = await app.person();
    const made = await app.call(`/api/${person.slug}/conversations`, { token: person.token, body: {} });
    const path = `/api/${person.slug}/conversations/${String(made.body['id'])}/events`;
    const stop = new AbortController();
    const opened: number[] = [];
    for (let i = 0; i < 6; i++) {
      opened.push((await app.fetch(path, { token: person.token, signal: stop.signal })).status);
    }
    expect(opened).toEqual(Array(6).fill(200));
    const beyond = await app.call('/health/live');
    expect(beyond).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT' } });
    expect(Number(beyond.headers.get('retry-after'))).toBeGreaterThan(0);
    // Sockets have places of their own.
    const sockets = await Promise.all([app.chat(person), app.chat(person)]);
    stop.abort();
    await sleep(100);
    expect((await app.call('/health/live')).status).toBe(200);
    for (const socket of sockets) await socket.close();
  });

  it.each([
    ['true', '10.9.9.9, 10.1.1.1', '10.9.9.9'],
    ['1', '10.9.9.9, 10.1.1.1', '10.1.1.1'],
    ['2', '10.9.9.9, 10.1.1.1', '10.9.9.9'],
    ['loopback, 10.1.0.0/16', '10.9.9.9, 10.1.1.1', '10.9.9.9'],
    ['10.1.0.0/16', '10.9.9.9', '127.0.0.1'],
    ['false', '10.9.9.9', '127.0.0.1'],
  ])(
    'is told by address, with TRUST_PROXY=%s: %s is %s',
    async (TRUST_PROXY, forwarded, counted) => {
      const proxied = await ChatApp.start({ TRUST_PROXY, WS_MAX_PER_ADDRESS: '1' }, app);
      try {
        const person = await proxied.person();
        const headers = { 'x-forwarded-for': forwarded };
        const body = { tenant: person.slug, email: person.email, password: 'correct horse battery' };
        await proxied.call('/api/auth/login', { body, headers });
        const [row] = await proxied.database.uow.query<{ address: string }>(
          person,
          'SELECT address FROM app.audit_event WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1',
          [person.tenantId],
        );
        expect(row?.address).toBe(counted);
        await proxied.socket('/ws/chat', { headers });
        // The same caller by another way: as far as proxies are believed it is told from others.
        const same = await proxied.socket('/ws/chat', { headers: { 'x-forwarded-for': forwarded } });
        expect(same.refused?.status).toBe(429);
        const other = await proxied.socket('/ws/chat', { headers: { 'x-forwarded-for': '10.7.7.7, 10.1.1.2' } });
        expect(other.opened).toBe(counted !== '127.0.0.1');
      } finally {
        await proxied.stop();
      }
    },
    60_000,
  );
});
