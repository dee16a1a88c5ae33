/** The REST calls that the page makes beside the conversation's. Every refusal is a `RestError`. */
import {
  call,
  json,
  type Page,
  pageQuery,
  RestClient,
  RestError,
  type Session,
  type TokenAnswer,
  type User,
} from '../sdk/index.js';
import type { Widget, WidgetDraft } from './widget-draft.js';
import type { Analytics, Demo, KnowledgeBase, KnowledgeDocument, SearchAnswer } from './protocol.js';

/** The demo logins; null where there are none (production, or no demo data). */
export async function fetchDemo(): Promise<Demo | null> {
  try {
    const demo = (await call('/api/public/demo')) as Demo;
    return demo.users.length > 0 ? demo : null;
  } catch (error) {
    if (error instanceof RestError && error.status === 404) return null;
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
    if (error instanceof RestError && error.status >= 400 && error.status < 500 && error.status !== 429) return null;
    throw error;
  }
}

/** Calls on behalf of the signed-in user. */
export class Api {
  private readonly rest: RestClient;

  constructor(session: Session) {
    this.rest = new RestClient('', session);
  }

  async logout(): Promise<void> {
    await this.rest.request('/api/auth/logout', { method: 'POST' });
  }

  widgets(): Promise<Page<Widget>> {
    return this.rest.get('/api/admin/widgets?limit=100');
  }

  /** With the secret, which is shown this once. */
  async createWidget(draft: WidgetDraft): Promise<Widget & { secret: string }> {
    return (await this.rest.request('/api/admin/widgets', json('POST', draft))) as Widget & { secret: string };
  }

  async changeWidget(id: string, change: Partial<WidgetDraft>): Promise<Widget> {
    return (await this.rest.request(`/api/admin/widgets/${id}`, json('PATCH', change))) as Widget;
  }

  async deleteWidget(id: string): Promise<void> {
    await this.rest.request(`/api/admin/widgets/${id}`, { method: 'DELETE' });
  }

  /** What the earlier secret signs is refused from now on. */
  async rotateWidgetSecret(id: string): Promise<Widget & { secret: string }> {
    const path = `/api/admin/widgets/${id}/rotate-secret`;
    return (await this.rest.request(path, { method: 'POST' })) as Widget & { secret: string };
  }

  analytics(from: Date): Promise<Analytics> {
    return this.rest.get(`/api/admin/analytics?from=${encodeURIComponent(from.toISOString())}`);
  }

  knowledgeBases(): Promise<Page<KnowledgeBase>> {
    return this.rest.get('/api/admin/knowledge-bases?limit=100');
  }

  async createKnowledgeBase(name: string): Promise<KnowledgeBase> {
    return (await this.rest.request('/api/admin/knowledge-bases', json('POST', { name }))) as KnowledgeBase;
  }

  documents(knowledgeBaseId: string, cursor: string | null): Promise<Page<KnowledgeDocument>> {
    return this.rest.get(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents?${pageQuery(cursor)}`);
  }

  document(knowledgeBaseId: string, documentId: string): Promise<KnowledgeDocument> {
    return this.rest.get(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents/${documentId}`);
  }

  /** The file as it was uploaded. */
  documentFile(knowledgeBaseId: string, documentId: string): Promise<File> {
    return this.rest.download(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents/${documentId}/content`);
  }

  async uploadDocument(knowledgeBaseId: string, file: File): Promise<KnowledgeDocument> {
    const form = new FormData();
    form.append('file', file, file.name);
    const path = `/api/admin/knowledge-bases/${knowledgeBaseId}/documents`;
    return (await this.rest.request(path, { method: 'POST', body: form })) as KnowledgeDocument;
  }

  async deleteDocument(knowledgeBaseId: string, documentId: string): Promise<void> {
    await this.rest.request(`/api/admin/knowledge-bases/${knowledgeBaseId}/documents/${documentId}`, {
      method: 'DELETE',
    });
  }

  async search(knowledgeBaseId: string, query: string): Promise<SearchAnswer> {
    const path = `/api/admin/knowledge-bases/${knowledgeBaseId}/search`;
    return (await this.rest.request(path, json('POST', { query, top_k: 5 }))) as SearchAnswer;
  }
}
