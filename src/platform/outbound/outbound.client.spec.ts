import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { HostResolver } from './host-resolver.js';
import { OutboundClient, type OutboundRequest } from './outbound.client.js';
import { OutboundBlockedError, OutboundError } from './outbound.errors.js';

interface Stand {
  readonly port: number;
  readonly origin: string;
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
}

const servers: (Server | TcpServer)[] = [];

async function listen(server: Server | TcpServer, host: string): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

async function stand(handler: RequestListener, host = '127.0.0.1'): Promise<Stand> {
  const requests: Stand['requests'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      handler(request, response);
    });
  });
  const port = await listen(server, host);
  return { port, origin: `http://${host}:${port}`, requests };
}

const ok: RequestListener = (_request, response) => response.end('fine');

afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Fails the test when a name is looked up that it did not expect. */
const noDns: HostResolver = (hostname) => Promise.reject(new Error(`unexpected look-up of ${hostname}`));

function client(options: Partial<ConstructorParameters<typeof OutboundClient>[0]> = {}): OutboundClient {
  return new OutboundClient({ allow: [], userAgent: 'switchboard-test', resolve: noDns, ...options });
}

async function failure(work: Promise<unknown>): Promise<OutboundError> {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OutboundError);
  return error as OutboundError;
}

const get = (outbound: OutboundClient, url: string, rest: Partial<OutboundRequest> = {}) =>
  outbound.request({ url, method: 'GET', ...rest });

describe('OutboundClient: which addresses', () => {
  it('reaches an address that the operator allows, and only with that port', async () => {
    const server = await stand(ok);
    const canary = await stand(ok);
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const answer = await get(outbound, `${server.origin}/a?b=1`);
    expect(answer).toMatchObject({ status: 200, url: `${server.origin}/a?b=1` });
    expect(answer.body.toString()).toBe('fine');
    expect(server.requests[0]).toMatchObject({ method: 'GET', url: '/a?b=1' });
    expect(server.requests[0]?.headers['user-agent']).toBe('switchboard-test');
    expect((await failure(get(outbound, canary.origin))).code).toBe('BLOCKED');
    expect(canary.requests).toHaveLength(0);
  });

  it('reaches what one request allows, and forgets it for the next', async () => {
    const server = await stand(ok);
    const outbound = client();
    await expect(get(outbound, server.origin, { allow: [`127.0.0.1:${server.port}`] })).resolves.toMatchObject({
      status: 200,
    });
    expect((await failure(get(outbound, server.origin))).code).toBe('BLOCKED');
    expect(server.requests).toHaveLength(1);
  });

  const hostile = (port: number): string[] => [
    `http://localhost:${port}/`,
    `http://localhost.:${port}/`,
    `http://0:${port}/`,
    `http://[::]:${port}/`,
    `http://[::1]:${port}/`,
    `http://2130706433:${port}/`,
    `http://0177.0.0.1:${port}/`,
    `http://0x7f.1:${port}/`,
    `http://127.1:${port}/`,
    `http://127.0.0.2:${port}/`,
    `http://127.0.0.1.:${port}/`,
    `http://①②⑦.⓪.⓪.①:${port}/`,
    `http://[::ffff:7f00:1]:${port}/`,
    `http://[::127.0.0.1]:${port}/`,
    `http://[64:ff9b::7f00:1]:${port}/`,
    `http://[fd00::1]:${port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'http://metadata.google.internal/',
    'http://metadata/',
    'http://93.184.216.34:22/',
    'http://93.184.216.34:25/',
    'http://93.184.216.34:5432/',
    'http://93.184.216.34:6379/',
  ];

  it('refuses every spelling of an internal address, when saved and when called, without touching it', async () => {
    const canary = await stand(ok, '127.0.0.2');
    const listener = await stand(ok);
    const outbound = client({ allow: ['10.9.9.9:8080'] });
    for (const url of [...hostile(listener.port), ...hostile(canary.port)]) {
      expect(() => outbound.checkUrl(url)).toThrow(OutboundBlockedError);
      expect(await failure(get(outbound, url))).toBeInstanceOf(OutboundBlockedError);
    }
    expect(canary.requests).toHaveLength(0);
    expect(listener.requests).toHaveLength(0);
  });

  it('compares allow-list entries after normalising the host', async () => {
    const server = await stand(ok);
    const outbound = client({ allow: [`0x7f.1:${server.port}`] });
    await expect(get(outbound, `http://2130706433:${server.port}/`)).resolves.toMatchObject({ status: 200 });
  });

  it('says the same about an open and a closed internal port', async () => {
    const open = await stand(ok);
    const closed = await failure(get(client(), 'http://127.0.0.1:9/'));
    const listening = await failure(get(client(), open.origin));
    expect({ ...closed, message: closed.message }).toEqual({ ...listening, message: listening.message });
  });

  it.each(['file:///etc/passwd', 'gopher://example.com/', 'data:text/plain,hi', 'ftp://example.com/', 'nonsense', ''])(
    'refuses %j as a URL',
    async (url) => {
      expect(() => client().checkUrl(url)).toThrow(expect.objectContaining({ code: 'INVALID_URL' }));
      expect((await failure(get(client(), url))).code).toBe('INVALID_URL');
    },
  );

  it('refuses credentials in the URL', () => {
    expect(() => client().checkUrl('https://user:pass@example.com/')).toThrow(/header/);
  });

  it('lets a public URL be saved', () => {
    expect(() => client().checkUrl('https://api.example.com/v1?x=1')).not.toThrow();
    expect(() => client().checkUrl('http://93.184.216.34:8080/')).not.toThrow();
  });

  it("never reaches the server's own port, though an allow list names it", async () => {
    const server = await stand(ok);
    const allow = [`127.0.0.1:${server.port}`, `localhost:${server.port}`, `[::ffff:127.0.0.1]:${server.port}`];
    const outbound = client({ allow, resolve: () => Promise.resolve(['127.0.0.1']) });
    outbound.denyOwnPort(server.port);
    for (const entry of allow) {
      expect((await failure(get(outbound, `http://${entry}/`, { allow }))).code).toBe('BLOCKED');
    }
    expect(server.requests).toHaveLength(0);
  });

  it('stops at the boot for an allow list that it cannot read', () => {
    expect(() => client({ allow: ['not an entry'] })).toThrow(/"not an entry"/);
  });
});

describe('OutboundClient: names', () => {
  it.each([
    ['a private address', ['10.0.0.5']],
    ['loopback', ['127.0.0.1']],
    ['a public and a private address', ['93.184.216.34', '127.0.0.1']],
    ['a private IPv6 address beside a public one', ['2606:4700::1111', 'fd00::1']],
    ['mapped loopback', ['::ffff:127.0.0.1']],
  ])('refuses a name that resolves to %s', async (_what, addresses) => {
    const server = await stand(ok);
    const outbound = client({ resolve: () => Promise.resolve(addresses) });
    const error = await failure(get(outbound, `http://rebind.example.com:${server.port}/`));
    expect(error).toMatchObject({ code: 'BLOCKED', sent: false });
    expect(server.requests).toHaveLength(0);
  });

  it('connects to the address that it checked: a second, different answer is never asked for', async () => {
    const server = await stand(ok);
    let lookups = 0;
    const resolve: HostResolver = () => {
      lookups += 1;
      return Promise.resolve([lookups === 1 ? '127.0.0.1' : '127.0.0.2']);
    };
    const outbound = client({ allow: [`api.test.example:${server.port}`], resolve });
    const answer = await get(outbound, `http://api.test.example:${server.port}/`);
    expect(answer.status).toBe(200);
    expect(lookups).toBe(1);
    expect(server.requests[0]?.headers.host).toBe(`api.test.example:${server.port}`);
  });

  it('tells the resolver which names the operator vouches for', async () => {
    const server = await stand(ok);
    const asked: unknown[] = [];
    const resolve: HostResolver = (host, { trusted }) => {
      asked.push([host, trusted]);
      return Promise.resolve(['127.0.0.1']);
    };
    const outbound = client({ allow: [`inside.example:${server.port}`], resolve });
    await get(outbound, `http://inside.example:${server.port}/`);
    await failure(get(outbound, `http://outside.example:${server.port}/`));
    expect(asked).toEqual([
      ['inside.example', true],
      ['outside.example', false],
    ]);
  });

  it('says that nothing was sent when a name does not resolve', async () => {
    const outbound = client({ resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    expect(await failure(get(outbound, 'https://nowhere.example.com/'))).toMatchObject({
      code: 'NETWORK',
      sent: false,
    });
  });
});

describe('OutboundClient: TLS', () => {
  it('greets the pinned address with the name of the host', async () => {
    let hello = '';
    const port = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (data: Buffer) => {
          hello = data.toString('latin1');
          socket.destroy();
        });
      }),
      '127.0.0.1',
    );
    const outbound = client({ allow: [`api.test.example:${port}`], resolve: () => Promise.resolve(['127.0.0.1']) });
    const error = await failure(get(outbound, `https://api.test.example:${port}/`));
    expect(error).toMatchObject({ code: 'NETWORK', sent: false });
    expect(hello).toContain('api.test.example');
  });
});

describe('OutboundClient: redirects', () => {
  const redirect =
    (status: number, location: () => string): RequestListener =>
    (_request, response) =>
      response.writeHead(status, { location: location() }).end('moved');

  const secrets = {
    authorization: 'Bearer s',
    cookie: 'a=b',
    'x-api-key': 's',
    'idempotency-key': 'k',
    accept: 'application/json',
  };

  it.each([301, 302, 303, 307, 308])('refuses a %d to an internal address', async (status) => {
    const canary = await stand(ok, '127.0.0.2');
    const server = await stand(redirect(status, () => `${canary.origin}/`));
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const error = await failure(get(outbound, server.origin));
    expect(error).toMatchObject({ code: 'BLOCKED', sent: true });
    expect(error.message).toBe(new OutboundBlockedError().message);
    expect(canary.requests).toHaveLength(0);
  });

  it('keeps the headers on the same origin', async () => {
    const server = await stand((request, response) =>
      request.url === '/end' ? response.end('there') : response.writeHead(302, { location: '/end' }).end(),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const answer = await get(outbound, server.origin, { headers: secrets });
    expect(answer).toMatchObject({ status: 200, url: `${server.origin}/end` });
    expect(server.requests[1]?.headers).toMatchObject(secrets);
  });

  it('gives nothing but harmless headers to another origin', async () => {
    const other = await stand(ok);
    const server = await stand(redirect(302, () => `${other.origin}/`));
    const outbound = client({ allow: [`127.0.0.1:${server.port}`, `127.0.0.1:${other.port}`] });
    await get(outbound, server.origin, { headers: secrets });
    const sent = Object.keys(other.requests[0]?.headers ?? {}).sort();
    expect(sent).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  });

  it('drops a confined header outside its addresses, also on the same origin, and for good', async () => {
    const to: Record<string, string> = { '/v1/a': '/v1/b', '/v1/b': '/other', '/other': '/v1/end' };
    const server = await stand((request, response) => {
      const location = to[request.url ?? ''];
      if (location === undefined) response.end('there');
      else response.writeHead(302, { location }).end();
    });
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const confined = { headers: ['X-Api-Key'], covers: (url: string) => new URL(url).pathname.startsWith('/v1/') };
    await get(outbound, `${server.origin}/v1/a`, { headers: secrets, confined });
    expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual(['s', 's', undefined, undefined]);
    expect(server.requests[3]?.headers['cookie']).toBe('a=b');
  });

  it.each([307, 308])('does not repeat a POST at another origin for a %d', async (status) => {
    const other = await stand(ok);
    const server = await stand(redirect(status, () => `${other.origin}/`));
    const outbound = client({ allow: [`127.0.0.1:${server.port}`, `127.0.0.1:${other.port}`] });
    const error = await failure(outbound.request({ url: server.origin, method: 'POST', body: 'secret' }));
    expect(error).toMatchObject({ code: 'BLOCKED', sent: true });
    expect(other.requests).toHaveLength(0);
  });

  it('turns a POST into a GET without its body for 303', async () => {
    const server = await stand((request, response) =>
      request.url === '/end' ? response.end('there') : response.writeHead(303, { location: '/end' }).end(),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    await outbound.request({
      url: server.origin,
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', 'x-keep': '1' },
    });
    expect(server.requests[1]).toMatchObject({ method: 'GET', body: '', headers: { 'x-keep': '1' } });
    expect(server.requests[1]?.headers['content-type']).toBeUndefined();
  });

  it('repeats a POST on its own origin for 307', async () => {
    const server = await stand((request, response) =>
      request.url === '/end' ? response.end('there') : response.writeHead(307, { location: '/end' }).end(),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    await outbound.request({ url: server.origin, method: 'POST', body: 'x' });
    expect(server.requests.map((request) => [request.method, request.body])).toEqual([
      ['POST', 'x'],
      ['POST', 'x'],
    ]);
  });

  it('gives up after three redirects', async () => {
    const server = await stand(redirect(302, () => '/again'));
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect(await failure(get(outbound, server.origin))).toMatchObject({ code: 'NETWORK' });
    expect(server.requests).toHaveLength(4);
  });

  it('refuses a redirect to another scheme', async () => {
    const server = await stand(redirect(302, () => 'file:///etc/passwd'));
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect((await failure(get(outbound, server.origin))).code).toBe('INVALID_URL');
  });
});

describe('OutboundClient: headers', () => {
  it.each([
    ['a line break', { 'x-a': 'b\r\nx-injected: 1' }],
    ['a NUL', { 'x-a': 'b\0' }],
    ['a line break in the name', { 'x-a\r\nx-b': 'c' }],
    ['a host', { Host: 'internal' }],
    ['a transfer encoding', { 'Transfer-Encoding': 'chunked' }],
    ['a content length', { 'content-length': '5' }],
  ])('refuses %s before anything is sent', async (_what, headers) => {
    const server = await stand(ok);
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const error = await failure(
      get(outbound, server.origin, { headers: headers as unknown as Record<string, string> }),
    );
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', sent: false });
    expect(server.requests).toHaveLength(0);
  });

  it('sends a body with its type, and returns the answer headers in lower case', async () => {
    const server = await stand((_request, response) =>
      response.writeHead(201, { 'X-Thing': 'y', 'Set-Cookie': ['a=1', 'b=2'] }).end('{}'),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const answer = await outbound.request({
      url: server.origin,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"a":1}',
    });
    expect(server.requests[0]).toMatchObject({ body: '{"a":1}', headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-thing': 'y', 'set-cookie': 'a=1, b=2' } });
  });
});

describe('OutboundClient: bytes', () => {
  const big = Buffer.alloc(3 * 1024 * 1024, 'a');

  it.each([
    ['plain, announced', {}, big],
    ['gzip', { 'content-encoding': 'gzip' }, gzipSync(big)],
    ['brotli', { 'content-encoding': 'br' }, brotliCompressSync(big)],
  ])('stops at 2 MiB of inflated bytes: %s', async (_what, headers, body) => {
    const server = await stand((_request, response) => response.writeHead(200, headers).end(body));
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect((await failure(get(outbound, server.origin))).code).toBe('TOO_LARGE');
  });

  it('stops an endless answer', async () => {
    let closed: () => void = () => undefined;
    const upstreamClosed = new Promise<void>((resolve) => (closed = resolve));
    const server = await stand((_request, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(64 * 1024)), 1);
      response.on('close', () => {
        clearInterval(timer);
        closed();
      });
    });
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect((await failure(get(outbound, server.origin, { maxBytes: 200_000 }))).code).toBe('TOO_LARGE');
    await upstreamClosed;
  });

  it.each([
    ['gzip', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
  ])('unpacks %s', async (encoding, body) => {
    const server = await stand((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect((await get(outbound, server.origin)).body.toString()).toBe('hello');
  });

  it.each([
    ['that is broken', 'gzip', 'not gzip at all'],
    ['that is cut off', 'gzip', gzipSync('hello world').subarray(0, 15)],
    ['that nobody asked for', 'zstd', 'x'],
    ['that is stacked', 'gzip, gzip', gzipSync(gzipSync('x'))],
  ])('reports an encoding %s', async (_what, encoding, body) => {
    const server = await stand((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(body),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect(await failure(get(outbound, server.origin))).toMatchObject({ code: 'NETWORK', sent: true });
  });

  it('takes a HEAD answer that declares an encoding and a length', async () => {
    const server = await stand((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': '9000000' }).end(),
    );
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const answer = await outbound.request({ url: server.origin, method: 'HEAD' });
    expect(answer.body).toHaveLength(0);
  });
});

describe('OutboundClient: time', () => {
  it('gives up on a server that accepts and stays silent', async () => {
    const port = await listen(
      createTcpServer((socket) => void socket.on('error', () => undefined).resume()),
      '127.0.0.1',
    );
    const outbound = client({ allow: [`127.0.0.1:${port}`], firstByteTimeoutMs: 50 });
    expect(await failure(get(outbound, `http://127.0.0.1:${port}/`))).toMatchObject({ code: 'TIMEOUT', sent: true });
  });

  it('gives up on an answer that drips', async () => {
    const server = await stand((_request, response) => {
      const timer = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(timer));
    });
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    expect((await failure(get(outbound, server.origin, { timeoutMs: 80 }))).code).toBe('TIMEOUT');
  });

  it('gives up on a name server that stays silent, and says that nothing was sent', async () => {
    const outbound = client({ resolve: () => new Promise(() => undefined), connectTimeoutMs: 30 });
    expect(await failure(get(outbound, 'https://slow.example.com/'))).toMatchObject({ code: 'TIMEOUT', sent: false });
  });

  it('closes the connection when the caller aborts', async () => {
    let closed: () => void = () => undefined;
    const upstreamClosed = new Promise<void>((resolve) => (closed = resolve));
    const controller = new AbortController();
    const server = await stand((_request, response) => {
      response.on('close', closed);
      controller.abort(new Error('stop'));
    });
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const error = await failure(get(outbound, server.origin, { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'ABORTED', sent: true });
    await upstreamClosed;
  });

  it('sends nothing for a signal that is aborted already', async () => {
    const server = await stand(ok);
    const outbound = client({ allow: [`127.0.0.1:${server.port}`] });
    const error = await failure(get(outbound, server.origin, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'ABORTED', sent: false });
    expect(server.requests).toHaveLength(0);
  });

  it('tells a refused connection from one that broke after the request', async () => {
    const port = await listen(createTcpServer(), '127.0.0.1');
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const refused = await failure(get(client({ allow: [`127.0.0.1:${port}`] }), `http://127.0.0.1:${port}/`));
    expect(refused).toMatchObject({ code: 'NETWORK', sent: false });

    const server = await stand((request) => request.socket.destroy());
    const broken = await failure(get(client({ allow: [`127.0.0.1:${server.port}`] }), server.origin));
    expect(broken).toMatchObject({ code: 'NETWORK', sent: true });
    expect(broken.message).toBe(refused.message);
    expect(server.requests).toHaveLength(1);
  });
});
