/** Tools or entitlements of a tenant were changed: whoever remembers them reads them again. */
export class ToolsChanged {
  constructor(readonly tenantId: string) {}
}
