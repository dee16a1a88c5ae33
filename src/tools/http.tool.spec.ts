import type { CredentialService } from '#llm';
import { OutboundClient, TenantAllowList } from '#platform/outbound';
import { SecretString } from '#platform/secrets';
import { accessOf } from '../llm/credentials/credential.js';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpTool } from './http.tool.js';
import type { ToolCallContext, ToolDefinition } from './tool.js';
import { NO_CREDENTIALS } from '../../test/support/no-credentials.js';

let server: Server;
let answer: RequestListener;
let requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let origin: string;
let tool: HttpTool;

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

beforeEach(async () => {
  requests = [];
  answer = json(200, { status: 'shipped' });
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  const allowList = new TenantAllowList();
  allowList.set('tenant-demo', [`127.0.0.1:${port}`]);
  tool = new HttpTool(new OutboundClient({ allow: [], userAgent: 'test' }), allowList, NO_CREDENTIALS);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function definition(config: Record<string, unknown>, rest: Partial<ToolDefinition> = {}): ToolDefinition {
  return {
    id: 'id',
    key: 'track_order',
    name: 'Track',
    description: '',
    kind: 'http',
    inputSchema: { type: 'object', properties: {} },
    idempotent: false,
    readOnly: true,
    personas: [],
    config,
    ...rest,
  };
}

function context(rest: Partial<ToolCallContext> = {}): ToolCallContext {
  return {
    ctx: {
      tenantId: 'tenant-demo',
      principal: { id: 'user-7', role: 'end_user', persona: null, sessionId: null },
      correlationId: 'c',
    },
    turnId: 'turn',
    conversationId: 'conversation',
    run: { messageId: 'question', attempt: 1, start: 1 },
    agentKey: 'tracking',
    grants: { tools: ['track_order'], entitlements: [] },
    idempotencyKey: 'key-1',
    signal: new AbortController().signal,
    ...rest,
  };
}

describe('HttpTool: the request', () => {
  it('fills the URL and returns the JSON of the answer', async () => {
    const track = definition({ url: `${origin}/orders/{{order}}/tracking?lang={{lang}}` });
    const result = await tool.execute(track, { order: '10 42', lang: 'en&x=1' }, context());
    expect(result).toEqual({ ok: true, data: { status: 'shipped' } });
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/orders/10%2042/tracking?lang=en%26x%3D1', body: '' });
    expect(requests[0]?.headers['idempotency-key']).toBeUndefined();
  });

  it('sends the arguments that the URL does not use as JSON, with the idempotency key', async () => {
    const send = definition({ method: 'POST', url: `${origin}/invoices/{{id}}/send` }, { readOnly: false });
    await tool.execute(send, { id: 'INV-1', email: 'a@b.c', copies: 2 }, context());
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/invoices/INV-1/send',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1' },
    });
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ email: 'a@b.c', copies: 2 });
  });

  it('fills a body template, keeping types and leaving out what is not given', async () => {
    const body = { to: ['{{email}}'], note: 'Order {{id}} for {{caller.id}}', count: '{{n}}', gone: '{{none}}', x: 1 };
    const send = definition({ method: 'POST', url: `${origin}/send`, body }, { readOnly: false });
    await tool.execute(send, { id: '1', email: 'a@b.c', n: 3 }, context());
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ to: ['a@b.c'], note: 'Order 1 for user-7', count: 3, x: 1 });
  });

  it('tells the service who calls, and an argument cannot pose as the caller', async () => {
    const mine = definition({
      url: `${origin}/me`,
      headers: { 'X-User': '{{caller.id}}', 'X-Persona': '{{caller.persona}}' },
    });
    await tool.execute(mine, { 'caller.id': 'somebody-else' }, context());
    expect(requests[0]?.headers['x-user']).toBe('user-7');
    expect(requests[0]?.headers['x-persona']).toBeUndefined();
  });

  it.each(['a\r\nx-injected: 1', 'a\nb', 'a\0b', 'naïve'])('refuses %j in a header', async (value) => {
    const call = definition({ url: `${origin}/x`, headers: { 'X-Ref': 'ref {{ref}}' } });
    const result = await tool.execute(call, { ref: value }, context());
    expect(result).toMatchObject({ ok: false, code: 'INVALID_INPUT', errors: [{ path: 'ref' }] });
    expect(requests).toHaveLength(0);
  });

  it('refuses a value that would leave its path segment', async () => {
    const result = await tool.execute(definition({ url: `${origin}/orders/{{id}}` }), { id: '../admin' }, context());
    expect(result).toMatchObject({ ok: false, code: 'INVALID_INPUT' });
    expect(requests).toHaveLength(0);
  });

  it('reaches the loopback port for the tenant that was admitted, and for no other', async () => {
    const call = definition({ url: `${origin}/x` });
    const foreign = context();
    const result = await tool.execute(call, {}, { ...foreign, ctx: { ...foreign.ctx, tenantId: 'tenant-other' } });
    expect(result).toMatchObject({ ok: false, code: 'TOOL_ERROR', retryable: false });
    expect(requests).toHaveLength(0);
    expect(await tool.execute(call, {}, context())).toMatchObject({ ok: true });
  });
});

describe('HttpTool: its credential', () => {
  const withAccess = (secret: string): HttpTool => {
    const draft = { name: 'n', provider: null, header: null, query: null, scheme: null };
    const credential = { ...draft, kind: 'basic' as const, baseUrl: `${origin}/v1`, username: 'bot' };
    const access = accessOf(credential, new SecretString(secret));
    const credentials = { access: () => Promise.resolve(access) } as unknown as CredentialService;
    const allowList = new TenantAllowList();
    allowList.set('tenant-demo', [new URL(origin).host]);
    return new HttpTool(new OutboundClient({ allow: [], userAgent: 'test' }), allowList, credentials);
  };
  const call = (secret = 'hunter2hunter2') =>
    withAccess(secret).execute(definition({ url: `${origin}/v1/x` }, { credentialId: 'c' }), {}, context());

  it('is not shown where the service repeats it as it was sent', async () => {
    answer = (request, response) => json(200, { sent: request.headers.authorization })(request, response);
    expect(await call()).toMatchObject({ ok: true, data: { sent: 'Basic [secret]' } });
  });

  it.each([
    ['with invisible characters in it', { sent: 'hun\u200bter2hun\u2060ter2' }],
    ['with NUL between', { sent: [...'hunter2hunter2'].join('\0') }],
    ['in the name of a member', { hunter2hunter2: 1 }],
    ['in JSON in JSON', { sent: JSON.stringify({ headers: { key: '\\u0068unter2hunter2' } }) }],
  ])('is not shown where the service repeats it %s', async (_how, body) => {
    answer = json(200, body);
    const result = await call();
    expect(result).toMatchObject({ ok: true });
    expect(JSON.stringify(result)).toContain('[secret]');
    expect(JSON.stringify(result)).not.toContain('unter2');
    answer = json(422, { message: JSON.stringify(body) });
    expect(JSON.stringify(await call())).not.toContain('unter2');
  });

  it('is not shown where the service repeats it as text', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end(Buffer.from('you sent hunter2hunter2', 'utf16le'));
    };
    expect(await call()).toMatchObject({ ok: true, data: 'you sent [secret]' });
  });

  it('is not shown where the service repeats it as a number', async () => {
    answer = json(200, { sent: 31415926535 });
    expect(JSON.stringify(await call('31415926535'))).not.toContain('31415926535');
  });

  it('does not follow a redirect out of its path', async () => {
    answer = (request, response) =>
      request.url === '/v1/x' ? response.writeHead(302, { location: '/other' }).end() : response.end('there');
    await call();
    expect(requests.map(({ headers }) => headers.authorization !== undefined)).toEqual([true, false]);
  });
});

describe('HttpTool: the answer', () => {
  const call = (config: Record<string, unknown> = {}) =>
    tool.execute(definition({ url: `${origin}/x`, ...config }), {}, context());

  it('takes the part that the path names', async () => {
    answer = json(200, { data: { items: [{ id: 1 }, { id: 2 }] } });
    expect(await call({ result_path: 'data.items.1' })).toEqual({ ok: true, data: { id: 2 } });
    expect(await call({ result_path: 'data.constructor' })).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
  });

  it('makes a payload of the items', async () => {
    answer = json(200, { data: [{ id: 1 }], total: 1 });
    expect(await call({ payload_type: 'invoice', items_path: 'data', result_path: 'total' })).toEqual({
      ok: true,
      data: 1,
      payload: { payloadType: 'invoice', items: [{ id: 1 }] },
    });
    expect(await call({ payload_type: 'invoice' })).toMatchObject({
      payload: { items: [{ data: [{ id: 1 }], total: 1 }] },
    });
  });

  it('gives text as text, cleaned', async () => {
    answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('All\u200B good\u0000');
    expect(await call()).toEqual({ ok: true, data: 'All good', text: 'All good' });
  });

  it('takes an empty answer as done', async () => {
    answer = (_request, response) => response.writeHead(204).end();
    expect(await call()).toEqual({ ok: true, data: null });
  });

  it.each([
    ['broken JSON', 'application/json', '{"a":'],
    ['an image', 'image/png', 'PNG'],
  ])('reports %s', async (_what, type, body) => {
    answer = (_request, response) => response.writeHead(200, { 'content-type': type }).end(body);
    expect(await call()).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
  });

  it.each([{ message: 'No order 9.' }, { error: { code: 'X', message: 'No order 9.' } }, { detail: 'No order 9.' }])(
    "repeats a 404's own sentence from %j",
    async (body) => {
      answer = json(404, body);
      expect(await call()).toEqual({ ok: false, code: 'NOT_FOUND', message: 'No order 9.', retryable: false });
    },
  );

  it("cleans and caps a 404's sentence, and has one of its own when there is none", async () => {
    answer = json(404, { message: `Hidden\u200B${'x'.repeat(1000)}` });
    const long = await call();
    expect(long).toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(/^Hiddenx+…$/) });
    expect((long as { message: string }).message).toHaveLength(300);
    answer = (_request, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>gone</h1>');
    expect(await call()).toMatchObject({ code: 'NOT_FOUND', message: 'The service found nothing for this.' });
  });

  it.each([
    [400, { message: 'Six digits, please.' }, { message: 'Six digits, please.', retryable: false }],
    [401, { message: 'bad key sk-123' }, { message: expect.not.stringContaining('sk-123'), retryable: false }],
    [429, {}, { retryable: true }],
    [
      500,
      { message: 'stack trace' },
      { message: expect.not.stringContaining('stack'), retryable: true, outcomeUnknown: true },
    ],
    [503, {}, { retryable: true, outcomeUnknown: false }],
  ])('turns %d into a failure', async (status, body, expected) => {
    answer = json(status, body);
    expect(await call()).toMatchObject({ ok: false, code: 'TOOL_ERROR', ...expected });
  });

  it('gives up after its own time limit', async () => {
    answer = () => undefined;
    expect(await call({ timeout_ms: 100 })).toMatchObject({
      ok: false,
      code: 'TIMEOUT',
      retryable: true,
      outcomeUnknown: true,
    });
  });

  it('refuses an answer that is too large', async () => {
    answer = json(200, { text: 'x'.repeat(5000) });
    expect(await call({ max_bytes: 1024 })).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
  });

  it('says that nothing happened when nobody listens', async () => {
    await new Promise((resolve) => server.close(resolve));
    expect(await call()).toMatchObject({ ok: false, code: 'TOOL_ERROR', retryable: true, outcomeUnknown: false });
  });

  it('says that its settings are wrong', async () => {
    expect(await call({ url: 'http://{{host}}/' })).toMatchObject({
      code: 'TOOL_ERROR',
      message: expect.stringContaining('administrator'),
    });
  });
});

describe('HttpTool: settings', () => {
  it('accepts good ones, of an address that the tenant may reach', () => {
    expect(tool.faults('tenant-demo', { url: `${origin}/orders/{{id}}` })).toEqual([]);
    expect(tool.faults('tenant-x', { url: 'https://api.example.com/orders/{{id}}?who={{caller.id}}' })).toEqual([]);
  });

  it.each([
    ['an internal address', { url: 'http://127.0.0.1:5432/' }],
    ['a metadata address', { url: 'http://169.254.169.254/{{x}}' }],
    ['a host that a value sets', { url: 'http://{{host}}/' }],
    ['an unknown field', { url: 'https://a.example/', allow: ['127.0.0.1:1'] }],
    ['an unknown caller placeholder', { url: 'https://a.example/{{caller.password}}' }],
    ['a body on GET', { url: 'https://a.example/', body: 'json' }],
    ['an idempotency key of its own', { url: 'https://a.example/', headers: { 'Idempotency-Key': 'x' } }],
    ['a header name with a break', { url: 'https://a.example/', headers: { 'a\r\nb': 'x' } }],
    ['items without a payload type', { url: 'https://a.example/', items_path: 'data' }],
  ])('names %s', (_what, config) => expect(tool.faults('tenant-x', config)).toHaveLength(1));
});
