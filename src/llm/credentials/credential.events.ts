/** A credential was changed or deleted: who keeps something made with it forgets it. */
export class CredentialChanged {
  constructor(
    readonly tenantId: string,
    readonly credentialId: string,
  ) {}
}
