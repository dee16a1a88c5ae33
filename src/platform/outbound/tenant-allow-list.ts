import { parseHostPort } from './address-policy.js';

/**
 * `host:port` entries beyond the operator's that single tenants may reach. Filled by the program alone (the demo API of the
 * demo tenants); it is kept in memory and nothing that a tenant can save leads here.
 */
export class TenantAllowList {
  private readonly entries = new Map<string, readonly string[]>();

  /**
   * Replaces a tenant's entries.
   * @throws Error when an entry is not `host:port`
   */
  set(tenantId: string, entries: readonly string[]): void {
    this.entries.set(tenantId, entries.map(parseHostPort));
  }

  for(tenantId: string): readonly string[] {
    return this.entries.get(tenantId) ?? [];
  }
}
