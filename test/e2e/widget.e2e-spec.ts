import jwt from 'jsonwebtoken';
import { ChatClient } from '../support/chat-client.js';
import { TestServer } from '../support/test-server.js';

const PAGE = 'https://shop.example.com';

/** A visitor of a customer's page, on the built server: chats, comes back, and is somebody in the end. */
describe('a chat on a website', () => {
  let server: TestServer;
  let widget: { public_key: string; secret: string };
  beforeAll(async () => {
    server = await TestServer.start();
    const { token } = await server.login('admin@acme.test');
    const made = await server.api('/api/admin/widgets', {
      method: 'POST',
      token,
      body: { name: 'Shop', origins: [PAGE] },
    });
    expect(made.status).toBe(201);
    widget = made.body;
  }, 180_000);
  afterAll(() => server?.stop());

  const begin = (body: object, origin = PAGE) =>
    server.api(`/api/public/widgets/${widget.public_key}/sessions`, { method: 'POST', body, headers: { origin } });
  const chats = async (token: string): Promise<{ id: string }[]> => {
    const listed = await server.api('/api/acme/conversations', { token, headers: { origin: PAGE } });
    expect(listed.status).toBe(200);
    return listed.body.data;
  };
  const connect = (token: string, origin = PAGE) =>
    ChatClient.connect(`${server.url.replace('http', 'ws')}/ws/chat`, { authorization: `Bearer ${token}`, origin });

  it('goes on from visit to visit, and becomes a person’s once', async () => {
    const first = await begin({});
    expect(first.status).toBe(200);
    const client = connect(first.body.access_token);
    await client.next('ready');
    const { ack, text } = await client.ask('What is your returns policy?');
    expect(text).not.toBe('');
    const id = ack['conversation_id'];

    const again = await begin({ visitor_token: first.body.visitor_token });
    expect(again.body.visitor_id).toBe(first.body.visitor_id);
    expect((await chats(again.body.access_token)).map((one) => one.id)).toEqual([id]);
    const other = await begin({});
    const path = `/api/acme/conversations/${id}`;
    expect((await server.api(path, { token: other.body.access_token })).status).toBe(404);

    const named = (sub: string) => jwt.sign({ sub }, widget.secret, { algorithm: 'HS256', expiresIn: 300 });
    const both = (sub: string) => begin({ visitor_token: first.body.visitor_token, identity_token: named(sub) });
    const people = await Promise.all([both('ana'), both('bob'), both('ana')]);
    expect(people.map(({ status }) => status)).toEqual([200, 200, 200]);
    const owners = new Set<string>();
    for (const { body } of people) if ((await chats(body.access_token)).length > 0) owners.add(body.visitor_id);
    expect(owners.size).toBe(1);
    // The socket of the visitor, who is nobody any more, ends with it.
    await client.next('error', { ms: 5000 });
    expect((await server.api(path, { token: first.body.access_token })).status).toBe(401);
    expect((await begin({ visitor_token: first.body.visitor_token })).status).toBe(401);
  }, 60_000);

  it('is served to its own pages only', async () => {
    const evil = 'https://evil.example';
    expect((await begin({}, evil)).status).toBe(403);
    const { body } = await begin({});
    const api = await server.api('/api/acme/conversations', { token: body.access_token, headers: { origin: evil } });
    expect(api.status).toBe(403);
    const client = connect(body.access_token, evil);
    const refused = async () => {
      while (client.refused === null && client.closed === null) await new Promise((wait) => setTimeout(wait, 20));
    };
    await refused();
    expect(client.refused?.status ?? client.closed?.code).toBeGreaterThanOrEqual(403);
    expect(client.frames.filter(({ type }) => type === 'ready')).toEqual([]);
  }, 30_000);
});
