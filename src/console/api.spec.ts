import { Api, ApiError, fetchDemo, problemMessage, refreshTokens } from './api.js';
import { Session } from './session.js';

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

interface Call {
  path: string;
  init: RequestInit;
}

/** Answers the calls in order; a status without a body, or a failure to connect. */
function serve(...answers: { status: number; body?: unknown }[] | [Error]): Call[] {
  const calls: Call[] = [];
  globalThis.fetch = (path, init = {}) => {
    calls.push({ path: String(path), init });
    const answer = answers[calls.length - 1];
    if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error('not expected'));
    const { status, body } = answer;
    return Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }));
  };
  return calls;
}

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

describe('Api', () => {
  const sessions: Session[] = [];
  const api = () => {
    const session = signedIn();
    sessions.push(session);
    return new Api(session);
  };
  afterEach(() => sessions.splice(0).forEach((session) => session.end()));

  it('asks for the own tenant’s conversations with the token, page by page', async () => {
    const calls = serve({ status: 200, body: { data: [], has_more: false } });
    await api().conversations('next');
    expect(calls[0]?.path).toBe('/api/acme/conversations?limit=20&cursor=next');
    expect(token(calls[0])).toBe('Bearer old');
  });

  it('answers a 401 once with a fresh token', async () => {
    const calls = serve({ status: 401, body: {} }, { status: 204 });
    await api().deleteConversation('c1');
    expect(calls.map(token)).toEqual(['Bearer old', 'Bearer fresh']);
  });

  it('gives up after the second 401', async () => {
    const calls = serve({ status: 401, body: { detail: 'No' } }, { status: 401, body: { detail: 'Still no' } });
    await expect(api().conversations(null)).rejects.toThrow('Still no');
    expect(calls).toHaveLength(2);
  });

  it('says that the server was not reached', async () => {
    serve(new TypeError('fetch failed'));
    await expect(api().conversations(null)).rejects.toThrow(/cannot be reached/);
  });
});

describe('fetchDemo', () => {
  it('is null where there is no demo, and does not hide other trouble', async () => {
    serve({ status: 404, body: {} });
    expect(await fetchDemo()).toBeNull();
    serve({ status: 500, body: { detail: 'Broken' } });
    await expect(fetchDemo()).rejects.toThrow('Broken');
  });
});

describe('refreshTokens', () => {
  it('tells a refused token from a server in trouble', async () => {
    serve({ status: 401, body: {} });
    expect(await refreshTokens('r')).toBeNull();
    serve({ status: 429, body: {} });
    await expect(refreshTokens('r')).rejects.toBeInstanceOf(ApiError);
    serve({ status: 503, body: {} });
    await expect(refreshTokens('r')).rejects.toBeInstanceOf(ApiError);
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
