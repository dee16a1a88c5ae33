import { lookup, Resolver } from 'node:dns/promises';

/**
 * All addresses of a name. Rejects when it has none.
 * @param trusted the operator named this host: the machine's own ways (hosts file, search domains) apply
 */
export type HostResolver = (
  hostname: string,
  options: { readonly trusted: boolean; readonly signal: AbortSignal },
) => Promise<readonly string[]>;

/**
 * Asks the DNS servers directly for names that tenants choose. `dns.lookup` would run each of them on one of the four
 * threads that files, zlib and password hashes share, for as long as a tenant's name server cares to stay silent.
 * @param servers other DNS servers (`ip:port`) than the machine's own
 */
export function hostResolver(servers?: readonly string[]): HostResolver {
  return async (hostname, { trusted, signal }) => {
    signal.throwIfAborted();
    if (trusted) return (await lookup(hostname, { all: true, verbatim: true })).map((entry) => entry.address);
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    if (servers !== undefined) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      const addresses = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason;
      return addresses;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}
