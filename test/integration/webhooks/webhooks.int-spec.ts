import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ExpiryService } from '#platform/expiry';
import { projectRoot } from '#platform/paths';
import { type Answer, ChatApp, type Person } from '../channels/chat-app.js';
import { Receiver, verified } from './receiver.js';

interface Hook {
  readonly id: string;
  readonly secret: string;
  readonly path: string;
}

/** What a tenant's own server is told, and what becomes of what it does not take. */
describe('a webhook', () => {
  let receiver: Receiver;
  let app: ChatApp;
  let shop: { tenantId: string; slug: string };
  let admin: Person;
  let user: Person;

  beforeAll(async () => {
    receiver = await Receiver.start();
    app = await ChatApp.start({ OUTBOUND_ALLOW: receiver.host });
  }, 60_000);
  beforeEach(async () => {
    shop = await app.tenant();
    admin = await app.person(shop, 'tenant_admin');
    user = await app.person(shop);
  });
  afterAll(async () => {
    await app.stop();
    await receiver.stop();
  });

  let made = 0;
  const hook = async (events: readonly string[], fields: object = {}): Promise<Hook> => {
    const path = `/hook-${++made}`;
    const body = { url: receiver.url(path), events, ...fields };
    const answer = await app.call('/api/admin/webhooks', { token: admin.token, body });
    expect([answer.status, answer.text]).toEqual([201, answer.text]);
    return { id: String(answer.body['id']), secret: String(answer.body['secret']), path };
  };
  const ask = (id: string, rest = '', call: object = {}): Promise<Answer> =>
    app.call(`/api/admin/webhooks/${id}${rest}`, { token: admin.token, ...call });
  const deliveries = async (id: string, query = ''): Promise<Record<string, unknown>[]> =>
    (await ask(id, `/deliveries${query}`)).body['data'] as unknown as Record<string, unknown>[];
  const say = async (content: string, conversation_id?: string): Promise<string> => {
    const { body } = await app.call(`/api/${shop.slug}/chat`, {
      token: user.token,
      body: { content, conversation_id },
    });
    return String(body['conversation_id']);
  };
  const until = async (isSo: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(25)) if (await isSo()) return;
    throw new Error('It did not happen in time');
  };
  const dueNow = (): Promise<unknown> =>
    app.database.uow.query(
      shop,
      "UPDATE app.webhook_delivery SET next_attempt_at = now() WHERE tenant_id = $1 AND status = 'pending'",
      [shop.tenantId],
    );
  const rows = async (table: string): Promise<number> =>
    (await app.database.uow.query(shop, `SELECT 1 FROM app.${table} WHERE tenant_id = $1`, [shop.tenantId])).length;

  describe('in the hands of the tenant’s admins', () => {
    it('is made with a secret that is shown once, changed with If-Match, and deleted; all of it is on record', async () => {
      const { id, secret } = await hook(['message.created', 'message.created']);
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      const read = await ask(id);
      expect(read.text).not.toContain(secret);
      expect(read.body).toMatchObject({ events: ['message.created'], enabled: true, secret_last4: secret.slice(-4) });
      expect((await app.call('/api/admin/webhooks', { token: admin.token })).text).not.toContain(secret);
      const etag = { 'if-match': read.headers.get('etag') ?? '' };
      const body = { enabled: false };
      expect((await ask(id, '', { method: 'PATCH', body, headers: etag })).body).toMatchObject({ enabled: false });
      expect((await ask(id, '', { method: 'PATCH', body, headers: etag })).status).toBe(412);
      expect((await ask(id, '', { method: 'DELETE' })).status).toBe(204);
      expect((await ask(id)).status).toBe(404);
      const audit = await app.call(`/api/admin/audit-log?target_id=${id}`, { token: admin.token });
      expect(audit.text).not.toContain(secret);
      expect((audit.body['data'] as unknown as { action: string }[]).map(({ action }) => action)).toEqual([
        'webhook.delete',
        'webhook.update',
        'webhook.create',
      ]);
    });

    it.each([
      ['an inner address', { url: 'http://169.254.169.254/latest' }],
      ['another scheme', { url: 'ftp://example.com/' }],
      ['no URL', { url: 'here' }],
      ['no event', { events: [] }],
      ['an event that there is not', { events: ['message.read'] }],
    ])('is refused with %s, and nothing is stored', async (_what, fields) => {
      const body = { url: 'https://example.com/', events: ['turn.failed'], ...fields };
      const answer = await app.call('/api/admin/webhooks', { token: admin.token, body });
      expect([answer.status, answer.text]).toEqual([422, answer.text]);
      expect(await rows('webhook')).toBe(0);
    });

    it('is nobody else’s', async () => {
      const { id } = await hook(['message.created']);
      const foreign = await app.person(undefined, 'tenant_admin');
      for (const rest of ['', '/deliveries'])
        expect((await app.call(`/api/admin/webhooks/${id}${rest}`, { token: foreign.token })).status).toBe(404);
      expect((await app.call(`/api/admin/webhooks/${id}/test`, { token: foreign.token, method: 'POST' })).status).toBe(
        404,
      );
      expect((await app.call('/api/admin/webhooks', { token: user.token })).status).toBe(403);
    });

    it('is one of twenty at most', async () => {
      for (let count = 0; count < 20; count++) await hook(['message.created']);
      const body = { url: receiver.url('/more'), events: ['message.created'] };
      expect((await app.call('/api/admin/webhooks', { token: admin.token, body })).status).toBe(409);
    });
  });

  it('is told what it wants to know, in order, signed, in the words of the API', async () => {
    const { id, path, secret } = await hook([
      'conversation.created',
      'message.created',
      'turn.completed',
      'feedback.created',
      'conversation.ended',
    ]);
    const conversationId = await say('echo hello there');
    const read = await app.call(`/api/${shop.slug}/conversations/${conversationId}/messages`, { token: user.token });
    const [question, answer] = read.body['data'] as unknown as Record<string, unknown>[];
    const at = `/api/${shop.slug}/conversations/${conversationId}`;
    const rating = { rating: 'up', comment: 'Thanks' };
    await app.call(`${at}/messages/${String(answer?.['id'])}/feedback`, { token: user.token, body: rating });
    await app.call(at, { method: 'PATCH', token: user.token, body: { status: 'ended' } });
    await until(() => receiver.at(path).length === 6);

    expect(receiver.typesAt(path)).toEqual([
      'conversation.created',
      'message.created',
      'message.created',
      'turn.completed',
      'feedback.created',
      'conversation.ended',
    ]);
    const told = receiver.at(path);
    const data = told.map(({ event }) => event.data);
    expect(data[0]).toMatchObject({ id: conversationId, user_id: user.id });
    expect(data[1]).toEqual(question);
    expect(data[2]).toEqual(answer);
    expect(data[3]).toMatchObject({ status: 'completed', answer_id: answer?.['id'], conversation_id: conversationId });
    expect(data[4]).toMatchObject({ ...rating, message_id: answer?.['id'], user_id: user.id });
    expect(data[5]).toMatchObject({ id: conversationId, status: 'ended' });
    for (const request of told) {
      expect(Object.keys(request.event)).toEqual(['id', 'type', 'created_at', 'tenant_id', 'data']);
      expect(request.event).toMatchObject({ tenant_id: shop.tenantId, id: request.headers['webhook-id'] });
      expect(Math.abs(Number(request.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
      expect(verified(request, secret)).toBe(1);
    }
    await until(async () => (await deliveries(id, '?status=delivered')).length === 6);
    expect((await deliveries(id))[0]).toMatchObject({
      attempt: 1,
      response_status: 200,
      response_text: 'taken',
      error: null,
    });
    expect(await rows('outbox')).toBe(0);
  });

  it('is told of turns that fail or are stopped, and of no message of a failed one', async () => {
    const { path } = await hook(['message.created', 'turn.failed', 'turn.cancelled']);
    await say('fail');
    const client = await app.chat(user);
    client.send({ type: 'user_message', content: 'hang' });
    await client.next('token');
    client.send({ type: 'abort' });
    await client.next('done');
    await client.close();
    await until(() => receiver.at(path).length === 4);
    expect(receiver.typesAt(path).sort()).toEqual([
      'message.created',
      'message.created',
      'turn.cancelled',
      'turn.failed',
    ]);
  });

  it('is told of people who are asked for and who come', async () => {
    const { path } = await hook([
      'escalation.created',
      'escalation.assigned',
      'message.created',
      'escalation.resolved',
      'escalation.closed',
    ]);
    const conversation = await say('echo a person, please');
    const asked = await app.call(`/api/${shop.slug}/conversations/${conversation}/escalate`, {
      token: user.token,
      body: { reason: 'A parcel is lost' },
    });
    const supporter = await app.person(shop, 'supporter');
    const at = `/api/${shop.slug}/supporter/escalations/${String(asked.body['id'])}`;
    for (const [step, body] of [
      ['accept', {}],
      ['reply', { content: 'Here I am' }],
      ['resolve', {}],
    ] as const)
      expect((await app.call(`${at}/${step}`, { token: supporter.token, body })).status).toBe(200);
    await until(() => receiver.at(path).length === 6);
    expect(receiver.typesAt(path).slice(2)).toEqual([
      'escalation.created',
      'escalation.assigned',
      'message.created',
      'escalation.resolved',
    ]);
    const data = receiver.at(path).map(({ event }) => event.data);
    expect(data[2]).toMatchObject({ conversation_id: conversation, reason: 'A parcel is lost' });
    expect(data[3]).toMatchObject({ supporter: { id: supporter.id } });
    expect(data[4]).toMatchObject({ role: 'supporter', content: 'Here I am' });
    expect(data[5]).toMatchObject({ status: 'resolved' });
  });

  it('costs nothing where nobody wants to know', async () => {
    await say('echo nobody listens');
    const { id } = await hook(['document.ready']);
    await ask(id, '', { method: 'PATCH', body: { enabled: false } });
    await say('echo nobody listens');
    expect([await rows('outbox'), await rows('webhook_delivery')]).toEqual([0, 0]);
  });

  it('is signed for by the old secret and the new one once it was replaced', async () => {
    const { id, path, secret } = await hook(['message.created']);
    const rotated = String((await ask(id, '/rotate-secret', { method: 'POST' })).body['secret']);
    expect(rotated).not.toBe(secret);
    await ask(id, '/test', { method: 'POST' });
    const [both] = receiver.at(path);
    if (both === undefined) throw new Error('Nothing arrived');
    expect(String(both.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect([verified(both, secret), verified(both, rotated)]).toEqual([1, 1]);
  });

  it('is known for ours by what the README says', async () => {
    const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
    const [, code = ''] = /```js\n(import \{ createHmac.*?)^```$/ms.exec(readme) ?? [];
    const file = join(mkdtempSync(join(tmpdir(), 'switchboard-hook-')), 'verify.mjs');
    writeFileSync(file, code);
    const { id, path, secret } = await hook(['message.created']);
    await ask(id, '/test', { method: 'POST' });
    const [sent] = receiver.at(path);
    if (sent === undefined) throw new Error('Nothing arrived');
    const judged = (headers: object, body: string, key: string) => {
      const call = `import { isOurs } from ${JSON.stringify(pathToFileURL(file).href)};
        console.log(isOurs(...JSON.parse(process.argv[1])))`;
      const args = ['--input-type=module', '-e', call, JSON.stringify([headers, body, key])];
      return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
    };
    expect(judged(sent.headers, sent.body, secret)).toBe('true');
    expect(judged(sent.headers, `${sent.body} `, secret)).toBe('false');
    expect(judged({ ...sent.headers, 'webhook-timestamp': '1700000000' }, sent.body, secret)).toBe('false');
    expect(judged(sent.headers, sent.body, `whsec_${Buffer.alloc(32).toString('base64')}`)).toBe('false');
    rmSync(dirname(file), { recursive: true });
  });

  it('gets what it did not take again, with the same id; what follows in the conversation waits, other conversations do not', async () => {
    const { id, path, secret } = await hook(['turn.completed']);
    receiver.answer(path, (response) => response.writeHead(503, { 'retry-after': '120' }).end('busy \0 now'));
    const first = await say('echo one');
    await until(async () => typeof (await deliveries(id))[0]?.['error'] === 'string');
    expect((await ask(id)).body['failing_since']).toEqual(expect.any(String));
    receiver.answer(path, null);
    await say('echo two', first);
    const other = await say('echo three');
    await until(() => receiver.at(path).length === 2);
    expect(receiver.at(path)[1]?.event.data).toMatchObject({ conversation_id: other });
    await until(async () => (await deliveries(id)).length === 3);
    const [, second, failed] = await deliveries(id);
    expect(second).toMatchObject({ status: 'held', next_attempt_at: null, attempt: 0 });
    expect(failed).toMatchObject({
      status: 'pending',
      attempt: 1,
      response_status: 503,
      response_text: 'busy  now',
      error: 'The server answered 503.',
    });
    const wait = Date.parse(String(failed?.['next_attempt_at'])) - Date.parse(String(failed?.['last_attempt_at']));
    expect(wait).toBeGreaterThan(115_000);
    await dueNow();
    await until(() => receiver.at(path).length === 4);
    const [once, , again, last] = receiver.at(path);
    expect(again?.body).toBe(once?.body);
    expect(again?.headers['webhook-id']).toBe(once?.headers['webhook-id']);
    expect(again === undefined ? 0 : verified(again, secret)).toBe(1);
    expect(last?.event.data).toMatchObject({ conversation_id: first });
    await until(async () => (await ask(id)).body['failing_since'] === null);
  });

  it.each([
    [
      'redirects inwards',
      (r: Response_) => r.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
      /redirects/,
    ],
    ['resets', (r: Response_) => void r.socket?.destroy(), /broke the connection/],
    [
      'answers without end',
      (r: Response_) => {
        const more = () => void (r.destroyed || r.write('x'.repeat(65_536), () => setImmediate(more)));
        more();
      },
      /too large|larger|much/i,
    ],
  ])('that %s is told so in words', async (_what, answer, words) => {
    const { id, path } = await hook(['turn.completed']);
    receiver.answer(path, answer);
    const tested = await ask(id, '/test', { method: 'POST' });
    expect([tested.status, tested.body]).toEqual([
      200,
      expect.objectContaining({ kind: 'test', status: 'failed', error: expect.stringMatching(words), attempt: 1 }),
    ]);
    expect((await ask(id)).body).toMatchObject({ enabled: true, failing_since: null });
  });

  it('that hangs holds up no other one', async () => {
    const slow = await hook(['turn.completed']);
    const quick = await hook(['turn.completed']);
    receiver.answer(slow.path, () => undefined);
    for (let count = 0; count < 6; count++) await say(`echo ${count}`);
    await until(() => receiver.at(quick.path).length === 6);
    expect(receiver.at(slow.path).length).toBeLessThanOrEqual(7);
  });

  it('is given up after ten tries, which lets what follows go, and can be sent again by hand', async () => {
    const { id, path } = await hook(['turn.completed']);
    receiver.answer(path, (response) => response.writeHead(500).end());
    const conversation = await say('echo lost');
    await until(async () => (await deliveries(id))[0]?.['attempt'] === 1);
    await say('echo next', conversation);
    await until(async () => (await deliveries(id, '?status=held')).length === 1);
    const sql = "UPDATE app.webhook_delivery SET attempt = 9 WHERE tenant_id = $1 AND status = 'pending'";
    await app.database.uow.query(shop, sql, [shop.tenantId]);
    await dueNow();
    await until(async () => (await deliveries(id, '?status=failed')).length === 1);
    const [lost] = await deliveries(id, '?status=failed');
    expect(lost).toMatchObject({
      attempt: 10,
      next_attempt_at: null,
      error: expect.stringMatching(/Given up after 10/),
    });
    await until(() => receiver.at(path).length === 3);
    const again = `/deliveries/${String(lost?.['id'])}/redeliver`;
    const [next] = await deliveries(id);
    expect((await ask(id, `/deliveries/${String(next?.['id'])}/redeliver`, { method: 'POST' })).status).toBe(409);
    receiver.answer(path, null);
    const sent = await ask(id, again, { method: 'POST' });
    expect([sent.status, sent.body]).toEqual([
      200,
      expect.objectContaining({ kind: 'redelivery', event_id: lost?.['event_id'], status: 'pending' }),
    ]);
    await until(async () => (await ask(id, `/deliveries/${String(sent.body['id'])}`)).body['status'] === 'delivered');
    expect(receiver.at(path).at(-1)?.headers['webhook-id']).toBe(lost?.['event_id']);
  });

  it.each([
    ['answers 410', 410, null],
    ['has taken nothing for five days', 500, "now() - interval '5 days 1 minute'"],
  ])('that %s is disabled, with the reason, on record', async (_what, status, since) => {
    const { id, path } = await hook(['turn.completed']);
    receiver.answer(path, (response) => response.writeHead(status).end());
    if (since !== null)
      await app.database.uow.query(shop, `UPDATE app.webhook SET failing_since = ${since} WHERE tenant_id = $1`, [
        shop.tenantId,
      ]);
    await say('echo anybody?');
    await until(async () => (await ask(id)).body['enabled'] === false);
    const { body } = await ask(id);
    expect(body).toMatchObject({
      disabled_at: expect.any(String),
      disabled_reason: expect.stringMatching(/410|five days/),
    });
    expect(await deliveries(id)).toEqual([expect.objectContaining({ status: 'failed', error: expect.any(String) })]);
    const audit = await app.call('/api/admin/audit-log?action=webhook.disable', { token: admin.token });
    expect(audit.body['data']).toEqual([expect.objectContaining({ target: { type: 'webhook', id } })]);
    const enabled = await ask(id, '', { method: 'PATCH', body: { enabled: true } });
    expect(enabled.body).toMatchObject({
      enabled: true,
      failing_since: null,
      disabled_at: null,
      disabled_reason: null,
    });
  });

  it('is sent nothing twice by two instances, and what a dead one was sending is sent by another', async () => {
    const { id, path } = await hook(['turn.completed']);
    const beside = await ChatApp.start({ OUTBOUND_ALLOW: receiver.host }, app);
    try {
      const conversation = await say('echo 0');
      for (let count = 1; count < 12; count++) await say(`echo ${count}`, count % 3 === 0 ? undefined : conversation);
      await until(() => receiver.at(path).length === 12);
      await sleep(1500);
      expect(new Set(receiver.at(path).map(({ event }) => event.id)).size).toBe(12);
      expect(receiver.at(path)).toHaveLength(12);
      const ofOne = receiver.at(path).filter(({ event }) => event.data['conversation_id'] === conversation);
      expect(ofOne.map(({ event }) => event.data['content'])).toEqual(
        [0, 1, 2, 4, 5, 7, 8, 10, 11].map((count) => `echo ${count}`),
      );
    } finally {
      await beside.stop();
    }
    // One that claimed it and was never heard of again.
    const sql = `UPDATE app.webhook_delivery SET status = 'pending', ended_at = NULL, next_attempt_at = now()
      WHERE tenant_id = $1 AND id = $2`;
    const [last] = await deliveries(id);
    await app.database.uow.query(shop, sql, [shop.tenantId, last?.['id']]);
    await until(() => receiver.at(path).length === 13);
    expect(receiver.at(path).at(-1)?.event.id).toBe(last?.['event_id']);
  });

  it('goes with what it tells of: a deleted conversation leaves nothing, told or not', async () => {
    const { id, path } = await hook(['turn.completed']);
    receiver.answer(path, (response) => response.writeHead(500).end());
    const conversation = await say('echo secret words');
    await until(async () => (await deliveries(id))[0]?.['attempt'] === 1);
    await app.call(`/api/${shop.slug}/conversations/${conversation}`, { method: 'DELETE', token: user.token });
    expect(await rows('webhook_delivery')).toBe(0);
  });

  it('keeps its record for thirty days', async () => {
    const { id } = await hook(['turn.completed']);
    await ask(id, '/test', { method: 'POST' });
    await ask(id, '/test', { method: 'POST' });
    const [old] = await deliveries(id);
    const sql =
      "UPDATE app.webhook_delivery SET ended_at = now() - interval '31 days' WHERE tenant_id = $1 AND id = $2";
    await app.database.uow.query(shop, sql, [shop.tenantId, old?.['id']]);
    await app.app.get(ExpiryService, { strict: false }).sweep();
    expect((await deliveries(id)).map((delivery) => delivery['id'])).toEqual([
      expect.not.stringContaining(String(old?.['id'])),
    ]);
  });
});

type Response_ = Parameters<Parameters<Receiver['answer']>[1] & object>[0];
