import { setTimeout as sleep } from 'node:timers/promises';

const READ_WITHIN_MS = 600_000;
const TOKEN_MS = 10 * 60_000;
/** Documents handed over in one breath; the queue takes as many as there are. */
const AT_ONCE = 4;

/** A running server, spoken to as its users do. */
export class EvalServer {
  constructor(url, password) {
    this.url = url;
    this.password = password;
    this.tokens = new Map();
  }

  /** The token of a demo user; it is renewed before it ends. */
  async token(email) {
    const held = this.tokens.get(email);
    if (held !== undefined && held.until > Date.now()) return held.token;
    const tenant = email.replace(/^.*@|\.test$/g, '');
    const { access_token: token } = await this.post('/api/auth/login', { tenant, email, password: this.password });
    this.tokens.set(email, { token, until: Date.now() + TOKEN_MS });
    return token;
  }

  /** A tenant of its own with documents and agents. @returns how to talk with it */
  async tenant({ agents = [], documents = [], key, language = 'en', name }) {
    const root = await this.token('root@platform.test');
    const slug = `eval-${key.replaceAll('_', '-')}-${Date.now().toString(36)}`.slice(0, 38);
    const tenant = await this.post('/api/admin/tenants', { slug, name: name ?? key }, root);
    let minted = { token: '', until: 0 };
    const token = async () => {
      if (minted.until < Date.now()) {
        const { access_token } = await this.post(
          `/api/admin/tenants/${tenant.id}/tokens`,
          {},
          await this.token('root@platform.test'),
        );
        minted = { token: access_token, until: Date.now() + TOKEN_MS };
      }
      return minted.token;
    };
    const made = { slug, token, base: null };
    if (documents.length > 0) {
      const base = await this.post('/api/admin/knowledge-bases', { name: 'Documents', language }, await token());
      made.base = base.id;
      await inTurns(documents, async ({ text, title }) =>
        this.post(`/api/admin/knowledge-bases/${base.id}/documents`, { title, text }, await token()),
      );
      await this.read(base.id, token);
    }
    if (agents.length > 0) await this.onlyAgents(agents, token);
    return made;
  }

  /** A tenant of its own whose one agent matches records. @returns how to talk with it */
  async tenantOfRecords({ agent, key, records, settings = {} }) {
    const made = await this.tenant({ key });
    const name = 'Records';
    const base = await this.post('/api/admin/knowledge-bases', { name, kind: 'records', settings }, await made.token());
    const path = `/api/admin/knowledge-bases/${base.id}/documents`;
    await inTurns(records, async (record) => this.post(path, { record }, await made.token()));
    await this.read(base.id, made.token);
    const kind = 'matching';
    await this.onlyAgents([{ key: 'matches', ...agent, kind, knowledge_base_ids: [base.id] }], made.token);
    return made;
  }

  /** Until every document of a demo tenant can be found. */
  async demoRead(admin) {
    const token = () => this.token(admin);
    for (const { id } of (await this.get('/api/admin/knowledge-bases?limit=100', await token())).data) {
      // The seed hands its documents over after the server is ready: a base without any has not been read.
      for (const until = Date.now() + READ_WITHIN_MS; Date.now() < until; await sleep(300))
        if ((await this.get(`/api/admin/knowledge-bases/${id}/documents?limit=1`, await token())).data.length > 0)
          break;
      await this.read(id, token);
    }
  }

  async read(base, token) {
    for (const until = Date.now() + READ_WITHIN_MS; Date.now() < until; await sleep(300)) {
      let open = 0;
      for (const status of ['queued', 'parsing', 'chunking', 'embedding']) {
        const { data } = await this.get(
          `/api/admin/knowledge-bases/${base}/documents?status=${status}&limit=1`,
          await token(),
        );
        open += data.length;
      }
      if (open === 0) return;
    }
    throw new Error('the documents were not read in time');
  }

  /** These agents in place of the one that a new tenant has. */
  async onlyAgents(agents, token) {
    for (const { id } of (await this.get('/api/admin/agents?limit=100', await token())).data)
      await this.call('PATCH', `/api/admin/agents/${id}`, { enabled: false }, await token());
    await inTurns(agents, async ({ description, examples, key, kind = 'writer', name, ...rest }) =>
      this.post(
        '/api/admin/agents',
        { ...rest, key, kind, name: name ?? key, description: description ?? '', examples },
        await token(),
      ),
    );
  }

  /** @returns the answer: `message` as the contract has it, `payloads`, and the conversation to go on in */
  async ask(slug, token, content, conversation) {
    return this.post(
      `/api/${slug}/chat`,
      { content, ...(conversation === undefined ? {} : { conversation_id: conversation }) },
      token,
    );
  }

  get(path, token) {
    return this.call('GET', path, undefined, token);
  }

  post(path, body, token) {
    return this.call('POST', path, body, token);
  }

  async call(method, path, body, token) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? null : JSON.parse(text);
  }
}

/** A few at a time, in order. */
export async function inTurns(items, work) {
  const results = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map((item, n) => work(item, at + n)))));
  return results;
}
