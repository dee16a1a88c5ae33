import type { Conversation, Page, Passage, StoredMessage, TurnRecord } from './protocol.js';
import { json, pageQuery, type RestClient } from './rest.js';

/** What REST knows of one's own conversations. Every call throws `RestError`. */
export class Conversations {
  /** @param tenant slug or id; a function where it is known only later */
  constructor(
    private readonly rest: RestClient,
    private readonly tenant: () => string,
  ) {}

  list(cursor: string | null): Promise<Page<Conversation>> {
    return this.rest.get(`${this.root}?${pageQuery(cursor)}`);
  }

  get(id: string): Promise<Conversation> {
    return this.rest.get(`${this.root}/${id}`);
  }

  async delete(id: string): Promise<void> {
    await this.rest.request(`${this.root}/${id}`, { method: 'DELETE' });
  }

  /** Newest first, so that one page after the other goes back in time. */
  messages(id: string, cursor: string | null): Promise<Page<StoredMessage>> {
    return this.rest.get(`${this.root}/${id}/messages?order=desc&${pageQuery(cursor)}`);
  }

  turn(id: string, turnId: string): Promise<TurnRecord> {
    return this.rest.get(`${this.root}/${id}/turns/${turnId}`);
  }

  citation(id: string, messageId: string, n: number): Promise<Passage> {
    return this.rest.get(`${this.root}/${id}/messages/${messageId}/citations/${n}`);
  }

  /** One's opinion of an answer; said again it replaces what was said before. */
  async rate(id: string, messageId: string, rating: 'up' | 'down', comment?: string): Promise<void> {
    await this.rest.request(`${this.root}/${id}/messages/${messageId}/feedback`, json('POST', { rating, comment }));
  }

  /** Asks for a person; where one is asked for already, says where to write to. */
  async escalate(id: string, wish: { readonly reason?: string; readonly email?: string }): Promise<void> {
    await this.rest.request(`${this.root}/${id}/escalate`, json('POST', wish));
  }

  /** How it was, once it has ended. @param score 1 to 5 */
  async rateConversation(id: string, score: number, comment?: string): Promise<void> {
    await this.rest.request(`${this.root}/${id}/rating`, json('POST', { score, comment }));
  }

  private get root(): string {
    return `/api/${this.tenant()}/conversations`;
  }
}
