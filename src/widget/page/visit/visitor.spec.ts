import { Memory } from './memory.js';
import { Visitor } from './visitor.js';

const URL = 'https://chat.example/api/public/widgets/pk_1';

/** A browser's storage. */
function storage() {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
}

interface Asked {
  visitor_token?: string;
  identity_token?: string;
}

describe('the visitor of a page', () => {
  let asked: Asked[];
  let ended: number;
  let refuse: (body: Asked) => number | null;
  let memory: Memory;
  let visitor: Visitor;
  let now: number;

  const stores = { lasting: storage(), tab: storage() };
  const open = () => new Memory('pk_1', { lasting: () => stores.lasting, tab: () => stores.tab });
  beforeEach(() => {
    stores.lasting = storage();
    stores.tab = storage();
    asked = [];
    ended = 0;
    refuse = () => null;
    now = 0;
    memory = open();
    visitor = new Visitor(URL, memory, () => now);
    globalThis.fetch = ((url: string, init: { body?: string }) => {
      if (url.endsWith('/logout')) {
        ended += 1;
        return Promise.resolve(new Response(null, { status: 204 }));
      }
      const body = JSON.parse(init.body ?? '{}') as Asked;
      asked.push(body);
      const status = refuse(body);
      if (status !== null) return Promise.resolve(Response.json({ detail: 'no' }, { status }));
      const isPerson = body.identity_token !== undefined;
      return Promise.resolve(
        Response.json({
          access_token: `access-${asked.length}`,
          expires_in: 900,
          visitor_id: isPerson ? `person-${body.identity_token}` : (body.visitor_token ?? `v${asked.length}`),
          visitor_token: isPerson ? null : (body.visitor_token ?? `v${asked.length}`),
        }),
      );
    }) as typeof fetch;
  });

  it('is the same one on the next page, and the next visit', async () => {
    expect(await visitor.token()).toBe('access-1');
    expect(await new Visitor(URL, open(), () => now).token()).toBe('access-1');
    now = 10 * 3_600_000;
    const later = new Visitor(URL, open(), () => now);
    expect(await later.token()).toBe('access-2');
    expect(asked).toEqual([{}, { visitor_token: 'v1' }]);
    expect(later.id).toBe('v1');
  });

  it('is asked for once, however many want to know', async () => {
    expect(await Promise.all([visitor.token(), visitor.token()])).toEqual(['access-1', 'access-1']);
    now = 20_000;
    expect(await visitor.token()).toBe('access-2');
  });

  it('begins again without a token that is not valid any more, and without the conversation of then', async () => {
    memory.visitorToken = 'old';
    memory.chat = { id: 'c', of: 'old', seen: 1 };
    refuse = ({ visitor_token }) => (visitor_token === 'old' ? 401 : null);
    await visitor.token();
    expect(asked).toEqual([{ visitor_token: 'old' }, {}]);
    expect(memory.visitorToken).toBe('v2');
    expect(memory.chat).toBeNull();
  });

  it('becomes a person, with the conversation, once', async () => {
    await visitor.token();
    memory.chat = { id: 'c', of: 'v1', seen: 7 };
    await visitor.identify('ana');
    expect(asked.at(-1)).toEqual({ visitor_token: 'v1', identity_token: 'ana' });
    expect(memory.chat).toEqual({ id: 'c', of: 'person-ana', seen: 7 });
    expect(memory.visitorToken).toBeNull();
    now = 20_000;
    await visitor.token();
    expect(asked.at(-1)).toEqual({ identity_token: 'ana' });
  });

  it('asks the page for another identity whenever one is needed', async () => {
    let made = 0;
    await visitor.identify(() => `ana-${(made += 1)}`);
    await visitor.token();
    now = 900_000;
    await visitor.token();
    expect(asked).toEqual([{ identity_token: 'ana-1' }, { identity_token: 'ana-2' }]);
  });

  it('shows nobody the conversation of somebody else', async () => {
    memory.chat = { id: 'c', of: 'person-ana', seen: 7 };
    await visitor.identify('bob');
    await visitor.token();
    expect(memory.chat).toBeNull();
  });

  it('stays who it was when the identity is refused', async () => {
    await visitor.token();
    refuse = ({ identity_token }) => (identity_token === undefined ? null : 401);
    await expect(visitor.identify('forged')).rejects.toMatchObject({ status: 401 });
    expect(visitor.isIdentified).toBe(false);
    expect(memory.visitorToken).toBe('v1');
    now = 20_000;
    await visitor.token();
    expect(asked.at(-1)).toEqual({ visitor_token: 'v1' });
  });

  it('is nobody after signing out, here and at the server', async () => {
    await visitor.token();
    memory.chat = { id: 'c', of: 'v1', seen: 7 };
    visitor.forget();
    expect([memory.visitorToken, memory.chat, visitor.isKnown]).toEqual([null, null, false]);
    expect(ended).toBe(1);
    await visitor.token();
    expect(asked.at(-1)).toEqual({});
  });

  it('works where a browser keeps nothing', async () => {
    const closed = () => {
      throw new Error('blocked');
    };
    const forgetful = new Visitor(URL, new Memory('pk_1', { lasting: closed, tab: closed }), () => now);
    await forgetful.token();
    now = 900_000;
    await forgetful.token();
    expect(asked).toEqual([{}, { visitor_token: 'v1' }]);
  });
});
