/** Published after the change is committed; sockets of the tenant are closed, its tokens no longer work. */
export class TenantSuspended {
  constructor(readonly tenantId: string) {}
}
