/** A tenant's agents were made, changed or deleted: whoever remembers them reads them again. */
export class AgentsChanged {
  constructor(readonly tenantId: string) {}
}
