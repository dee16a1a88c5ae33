/**
 * The one way out to addresses that a tenant can set (tools, webhooks, links to fetch). It owns the decision which
 * addresses may be reached and the caps on bytes and time. Callers hand in a request and get a whole answer or an
 * `OutboundError`; nothing here knows what the request is for.
 */
export {
  OutboundClient,
  type OutboundMethod,
  type OutboundOptions,
  type OutboundRequest,
  type OutboundResponse,
} from './outbound.client.js';
export { OutboundBlockedError, OutboundError, type OutboundErrorCode } from './outbound.errors.js';
export { OutboundModule } from './outbound.module.js';
export { TenantAllowList } from './tenant-allow-list.js';
export type { HostResolver } from './host-resolver.js';
