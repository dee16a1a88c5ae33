/** Where the page is, kept in the URL's hash so that a reload or a shared tab comes back to it. */
export type Route = { view: 'chat'; conversationId: string | null } | { view: 'knowledge' } | { view: 'widgets' };

export function parseRoute(hash: string): Route {
  if (hash === '#/knowledge') return { view: 'knowledge' };
  if (hash === '#/widgets') return { view: 'widgets' };
  const id = /^#\/c\/([0-9a-fA-F-]{36})$/.exec(hash)?.[1];
  return { view: 'chat', conversationId: id ?? null };
}

export function hashOf(route: Route): string {
  if (route.view !== 'chat') return `#/${route.view}`;
  return route.conversationId === null ? '#/' : `#/c/${route.conversationId}`;
}
