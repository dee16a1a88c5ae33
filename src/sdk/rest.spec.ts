import { type Call, serve } from '../../test/support/served-fetch.js';
import { Conversations } from './conversations.js';
import { problemMessage, RestClient } from './rest.js';
import { Session } from './session.js';

function signedIn(): Session {
  const values = new Map<string, string>();
  const session = new Session({
    store: {
      getItem: (key) => values.get(key) ?? null,
      setItem: (key, value) => void values.set(key, value),
      removeItem: (key) => void values.delete(key),
    },
    refresh: () => Promise.resolve({ access_token: 'fresh', refresh_token: 'r2', expires_in: 900 }),
  });
  const user = { id: 'u', email: null, name: 'U', role: 'end_user', tenant: { id: 't', slug: 'acme' } };
  session.start({ access_token: 'old', refresh_token: 'r1', expires_in: 900, user });
  return session;
}

const token = (call: Call | undefined) => (call?.init.headers as Record<string, string>)['authorization'];

describe('Conversations', () => {
  const sessions: Session[] = [];
  const api = (base = '') => {
    const session = signedIn();
    sessions.push(session);
    return new Conversations(new RestClient(base, session), () => 'acme');
  };
  afterEach(() => sessions.splice(0).forEach((session) => session.end()));

  it('asks for the own tenant’s conversations with the token, page by page', async () => {
    const calls = serve({ status: 200, body: { data: [], has_more: false } });
    await api().list('next');
    expect(calls[0]?.path).toBe('/api/acme/conversations?limit=20&cursor=next');
    expect(token(calls[0])).toBe('Bearer old');
  });

  it('rates an answer on another site’s server', async () => {
    const calls = serve({ status: 200, body: {} });
    await api('https://chat.example.com').rate('c1', 'm1', 'down', 'Wrong price');
    expect(calls[0]?.path).toBe('https://chat.example.com/api/acme/conversations/c1/messages/m1/feedback');
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ rating: 'down', comment: 'Wrong price' });
    expect(calls[0]?.init.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  it('answers a 401 once with a fresh token', async () => {
    const calls = serve({ status: 401, body: {} }, { status: 204 });
    await api().delete('c1');
    expect(calls.map(token)).toEqual(['Bearer old', 'Bearer fresh']);
  });

  it('gives up after the second 401', async () => {
    const calls = serve({ status: 401, body: { detail: 'No' } }, { status: 401, body: { detail: 'Still no' } });
    await expect(api().list(null)).rejects.toThrow('Still no');
    expect(calls).toHaveLength(2);
  });

  it('says that the server was not reached', async () => {
    serve(new TypeError('fetch failed'));
    await expect(api().list(null)).rejects.toThrow(/cannot be reached/);
  });
});

describe('problemMessage', () => {
  it('shows the detail, and the fields that it does not mention', () => {
    expect(problemMessage(422, { detail: 'Not valid.', errors: [{ path: 'name', message: 'is too long' }] })).toBe(
      'Not valid. (name: is too long)',
    );
    const empty = 'The file is empty: choose one with content';
    expect(problemMessage(422, { detail: empty, errors: [{ path: 'file', message: empty }] })).toBe(empty);
    expect(problemMessage(409, { title: 'Conflict' })).toBe('Conflict');
    expect(problemMessage(502, null)).toBe('The server answered with status 502.');
  });
});
