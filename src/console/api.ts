/** The REST calls that the page makes. Every refusal becomes an `ApiError` whose message can be shown as it is. */
import type {
  Conversation,
  Demo,
  KnowledgeBase,
  KnowledgeDocument,
  Page,
  Passage,
  SearchAnswer,
  StoredMessage,
  TokenAnswer,
  TurnRecord,
  User,
} from './protocol.js';
import type { Session } from './session.js';

export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  errors?: { path?: string; message?: string }[];
}

const UNREACHABLE = new ApiError(0, 'UNREACHABLE', 'The server cannot be reached. Check the connection and try again.');

/** The sentence to show for a problem+json body, or for a body that is something else. */
export function problemMessage(status: number, body: unknown): string {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const fields = (problem.errors ?? [])
    .map((error) => [error.path, error.message].filter(Boolean).join(': '))
    .filter((text) => text !== '');
  const sentence = problem.detail ?? problem.title ?? `The server answered with status ${status}.`;
  const said = (problem.errors ?? []).some(({ message }) => message !== undefined && sentence.includes(message));
  return fields.length > 0 && !said ? `${sentence} (${fields.join('; ')})` : sentence;
}

async function call(path: string, init: RequestInit = {}): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw UNREACHABLE;
  }
  if (response.status === 204) return null;
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body;
  const code = (body as Problem | null)?.code ?? String(response.status);
  throw new ApiError(response.status, code, problemMessage(response.status, body));
}

function json(method: string, body: unknown): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The demo logins; null where there are none (production, or no demo data). */
export async function fetchDemo(): Promise<Demo | null> {
  try {
    const demo = (await call('/api/public/demo')) as Demo;
    return demo.users.length > 0 ? demo : null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export async function login(tenant: string, email: string, password: string): Promise<TokenAnswer & { user: User }> {
  return (await call('/api/auth/login', json('POST', { tenant, email, password }))) as TokenAnswer & { user: User };
}

/** Null when the server refuses the refresh token; throws when it was not reached or is in trouble itself. */
export async function refreshTokens(refreshToken: string): Promise<TokenAnswer | null> {
  try {
    return (await call('/api/auth/refresh', json('POST', { refresh_token: refreshToken }))) as TokenAnswer;
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) return null;
    throw error;
  }
}

const PAGE_SIZE = 20;

/** Calls on behalf of the signed-in user. */
export class Api {
  constructor(private readonly session: Session) {}

  private get tenant(): string {
    return this.session.current?.user.tenant.slug ?? 'unknown';
  }

  async logout(): Promise<void> {
    await this.request('/api/auth/logout', { method: 'POST' });
  }

  conversations(cursor: string | null): Promise<Page<Conversation>> {
    return this.get(`/api/${this.tenant}/conversations?${page(cursor)}`);
  }

  async deleteConversation(id: string): Promise<void> {
    await this.request(`/api/${this.tenant}/conversations/${id}`, { method: 'DELETE' });
  }

  /** Newest first, so that one page after the other goes back in time. */
  messages(conversationId: string, cursor: string | null): Promise<Page<StoredMessage>> {
    return this.get(`/api/${this.tenant}/conversations/${conversationId}/messages?order=desc&${page(cursor)}`);
  }

  turn(conversationId: string, turnId: string): Promise<TurnRecord> {
    return this.get(`/api/${this.tenant}/conversations/${conversationId}/turns/${turnId}`);
  }

  citation(conversationId: string, messageId: string, n: number): Promise<Passage> {
    return this.get(`/api/${this.tenant}/conversations/${conversationId}/messages/${messageId}/citations/${n}`);
  }

  knowledgeBases(): Promise<Page<KnowledgeBase>> {
    return this.get('/api/admin/knowledge-bases?limit=100');
  }

  async createKnowledgeBase(name: string): Promise<KnowledgeBase> {
    return (await this.request('/api/admin/knowledge-bases', json('POST', { name }))) as KnowledgeBase;
  }

  documents(knowledgeBaseId: string, cursor: string | null): Promise<Page<KnowledgeDocument>> {
    return this.get(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents?${page(cursor)}`);
  }

  document(knowledgeBaseId: string, documentId: string): Promise<KnowledgeDocument> {
    return this.get(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents/${documentId}`);
  }

  async uploadDocument(knowledgeBaseId: string, file: File): Promise<KnowledgeDocument> {
    const form = new FormData();
    form.append('file', file, file.name);
    const path = `/api/admin/knowledge-bases/${knowledgeBaseId}/documents`;
    return (await this.request(path, { method: 'POST', body: form })) as KnowledgeDocument;
  }

  async deleteDocument(knowledgeBaseId: string, documentId: string): Promise<void> {
    await this.request(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents/${documentId}`, { method: 'DELETE' });
  }

  async search(knowledgeBaseId: string, query: string): Promise<SearchAnswer> {
    const path = `/api/admin/knowledge-bases/${knowledgeBaseId}/search`;
    return (await this.request(path, json('POST', { query, top_k: 5 }))) as SearchAnswer;
  }

  private async get<T>(path: string): Promise<T> {
    return (await this.request(path)) as T;
  }

  /** With the current token; a 401 is answered once with a fresh one. */
  private async request(path: string, init: RequestInit = {}): Promise<unknown> {
    try {
      return await this.authorised(path, init, false);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.authorised(path, init, true);
      throw error;
    }
  }

  private async authorised(path: string, init: RequestInit, fresh: boolean): Promise<unknown> {
    const token = await this.session.token(fresh);
    if (token === null) throw new ApiError(401, 'UNAUTHORIZED', 'Your session has ended. Please sign in again.');
    return call(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
  }
}

function page(cursor: string | null): string {
  return new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor ? { cursor } : {}) }).toString();
}
