/**
 * What this browser knows of its visitor, and what came while nobody was here: loaded where there was a conversation, for a
 * person whom the page names, and together with the panel.
 */
import type { Visit } from './contract.js';
import { Memory } from './visit/memory.js';
import { countUnread } from './visit/unread.js';
import { Visitor } from './visit/visitor.js';

/** @param base of the server */
export function visit(base: string, key: string): Visit {
  const memory = new Memory(key, { lasting: () => localStorage, tab: () => sessionStorage });
  const visitor = new Visitor(`${base}/api/public/widgets/${key}`, memory);
  // `pk_<tenant>_…`: the API takes a tenant's id where it takes its slug.
  const tenant = key.split('_')[1] ?? '';
  return { memory, tenant, visitor, countUnread: () => countUnread(`${base}/api/${tenant}`, visitor, memory) };
}
