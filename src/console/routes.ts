/** Where the page is, kept in the URL's hash so that a reload or a shared tab comes back to it. */
export type Route =
  | { view: 'chat'; conversationId: string | null }
  | { view: 'knowledge' }
  | { view: 'widgets' }
  | { view: 'report' }
  /** `caseId`: the escalation that is open. */
  | { view: 'inbox'; caseId: string | null };

export function parseRoute(hash: string): Route {
  if (hash === '#/knowledge') return { view: 'knowledge' };
  if (hash === '#/widgets') return { view: 'widgets' };
  if (hash === '#/report') return { view: 'report' };
  if (hash === '#/inbox') return { view: 'inbox', caseId: null };
  const [, place, id] = /^#\/(c|inbox)\/([0-9a-fA-F-]{36})$/.exec(hash) ?? [];
  if (place === 'inbox') return { view: 'inbox', caseId: id ?? null };
  return { view: 'chat', conversationId: id ?? null };
}

export function hashOf(route: Route): string {
  switch (route.view) {
    case 'knowledge':
    case 'widgets':
    case 'report':
      return `#/${route.view}`;
    case 'inbox':
      return route.caseId === null ? '#/inbox' : `#/inbox/${route.caseId}`;
    case 'chat':
      return route.conversationId === null ? '#/' : `#/c/${route.conversationId}`;
  }
}
