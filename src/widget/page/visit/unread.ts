import type { Memory } from './memory.js';
import type { Visitor } from './visitor.js';

/** More than a badge shows. */
const LOOKED_AT = 10;

interface Listed {
  readonly data: readonly { readonly role: string; readonly seq?: number }[];
}

/**
 * How many answers came while nobody was on the page. One question, asked only where a conversation was left open.
 * @param root of the tenant's API
 */
export async function countUnread(root: string, visitor: Visitor, memory: Memory): Promise<number> {
  if (memory.chat === null || !visitor.isKnown) return 0;
  const token = await visitor.token();
  // By now it may turn out to be another one's.
  const { chat } = memory;
  if (chat === null) return 0;
  const response = await fetch(`${root}/conversations/${chat.id}/messages?order=desc&limit=${LOOKED_AT}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (response.status === 404) memory.chat = null;
  if (!response.ok) return 0;
  const { data } = (await response.json()) as Listed;
  return data.filter(({ role, seq = 0 }) => role !== 'user' && seq > chat.seen).length;
}
