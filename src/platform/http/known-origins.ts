/** Whether any tenant serves pages of an origin: asked before it is known which tenant a request is about. `tenants` knows. */
export abstract class KnownOrigins {
  /** @param origin the header as sent */
  abstract isKnown(origin: string): Promise<boolean>;
}
