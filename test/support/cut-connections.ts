/** A `pg` pool, as far as its sockets go. */
interface PoolInside {
  readonly _clients: readonly { readonly connection: { readonly stream: { destroy(): void } } }[];
}

/** Breaks every connection of a pool, wherever it is, as a network or a killed database does. @returns how many */
export function cutConnections(pool: unknown): number {
  const clients = [...(pool as PoolInside)._clients];
  for (const { connection } of clients) connection.stream.destroy();
  return clients.length;
}
