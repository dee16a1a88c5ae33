/** Published after the tenant is committed, so that other modules give it what every tenant starts with. Never for the demo's. */
export class TenantCreated {
  constructor(readonly tenantId: string) {}
}

/** Its name, status or settings were changed: whoever remembers them reads them again. */
export class TenantChanged {
  constructor(readonly tenantId: string) {}
}

/** Published after the change is committed: what was paused goes on. */
export class TenantResumed {
  constructor(readonly tenantId: string) {}
}

/** Published after the change is committed; turns end, sockets of the tenant are closed, its tokens no longer work. */
export class TenantSuspended {
  constructor(readonly tenantId: string) {}
}
